extension DriverSpecification {
    /// Files of the host.
    package static let file = DriverSpecification(
        "file",
        "A regular file of the host.",
        options: hostFileOptions + [
            OptionSpecification(
                "create",
                .flagOrMapping([
                    OptionSpecification("size", .bytes, "Size of the new file."),
                    OptionSpecification(
                        "preallocation",
                        .choice(["off", "falloc", "full"]),
                        default: .text("off"),
                        "Whether space is taken at once."
                    ),
                ]),
                change: .live,
                isSilent: true,
                "Make the file when it does not exist; one that does is never touched."
            )
        ],
        check: namesNothing
    )

    /// Block devices of the host.
    package static let hostDevice = DriverSpecification(
        "host_device",
        "A block device of the host.",
        options: hostFileOptions,
        check: namesNothing
    )

    private static let namesNothing: Check = { node in
        guard node.options.text("filename")?.isEmpty == true else { return [] }
        return [
            OptionFault("filename", "filename is empty", help: "write the path of the file")
        ]
    }

    private static var hostFileOptions: [OptionSpecification] {
        [
            OptionSpecification(
                "filename",
                .text,
                isRequired: true,
                "Path; a relative one starts at the configuration's directory."
            ),
            OptionSpecification(
                "aio",
                .choice(["io_uring", "threads"]),
                default: .text("io_uring"),
                "How requests reach the kernel."
            ),
            OptionSpecification(
                "locking",
                .choice(["auto", "on", "off"]),
                default: .text("auto"),
                "Whether other programs are kept from what this node does not share."
            ),
        ]
    }
}
