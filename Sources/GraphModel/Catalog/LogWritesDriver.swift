extension DriverSpecification {
    /// A filter for tests of crashes.
    package static let logWrites = DriverSpecification(
        "log-writes",
        "Keeps a log of every write, in the format of Linux's dm-log-writes.",
        slots: [
            ChildSlot("file", .filter, .required, "What is written to."),
            ChildSlot("log", .metadata, .required, "Where the log goes."),
        ],
        options: [
            OptionSpecification(
                "log-sector-size",
                .size(512...(1 << 20)),
                default: .integer(512),
                "Unit of the log, and of requests; a power of two."
            ),
            OptionSpecification(
                "log-append",
                .flag,
                default: .flag(false),
                "Go on behind the log that is there, instead of starting it anew."
            ),
            OptionSpecification(
                "log-super-update-interval",
                .integer(1...(1 << 32)),
                default: .integer(4096),
                "After how many entries the log's head is written, besides at every flush."
            ),
        ],
        canReopen: false,
        alignment: { $0.options.integer("log-sector-size") ?? 512 },
        check: { node in
            let size = node.options.integer("log-sector-size") ?? 512
            guard size.nonzeroBitCount != 1 else { return [] }
            return [
                OptionFault(
                    "log-sector-size",
                    "log-sector-size \(size) is not a power of two",
                    help: "512 and 4096 are usual"
                )
            ]
        }
    )
}
