extension Catalog {
    /// Options that every node has, whatever its driver.
    package static let nodeOptions: [OptionSpecification] = [
        OptionSpecification(
            "read-only",
            .flag,
            default: .flag(false),
            change: .reopen,
            "Nothing may write through this node."
        ),
        OptionSpecification(
            "auto-read-only",
            .flag,
            default: .flag(false),
            change: .reopen,
            "Open for reading when nobody writes."
        ),
        OptionSpecification(
            "cache",
            .mapping([
                OptionSpecification(
                    "direct",
                    .flag,
                    default: .flag(false),
                    change: .live,
                    "Go past the host's page cache."
                ),
                OptionSpecification(
                    "no-flush",
                    .flag,
                    default: .flag(false),
                    change: .live,
                    "Answer flushes without doing them; data may be lost in a crash."
                ),
            ]),
            default: .mapping(
                Options([("direct", .flag(false)), ("no-flush", .flag(false))])
            ),
            change: .live,
            "How the host caches."
        ),
        OptionSpecification(
            "discard",
            .choice(["ignore", "unmap"]),
            default: .text("unmap"),
            change: .live,
            "Whether discards give space back."
        ),
        OptionSpecification(
            "detect-zeroes",
            .choice(["off", "on", "unmap"]),
            default: .text("off"),
            change: .live,
            "Whether writes of zeroes become write-zeroes."
        ),
        OptionSpecification(
            "force-share",
            .flag,
            default: .flag(false),
            change: .reopen,
            "Let others do anything to what this node reads; needs read-only."
        ),
        OptionSpecification(
            "iothread",
            .reference(.ioThread),
            change: .live,
            "Thread on which the node lives when nothing above it decides."
        ),
        OptionSpecification(
            "protect",
            .flag,
            default: .flag(false),
            change: .live,
            isSilent: true,
            "Refuse to remove this node unless allowed by name."
        ),
        OptionSpecification(
            "formerly",
            .text,
            change: .live,
            isSilent: true,
            "Former name of this node: rename it, do not open it anew."
        ),
    ]

    /// Faults between the options that every node has.
    package static func check(_ node: NodeDescription) -> [OptionFault] {
        var faults: [OptionFault] = []
        if node.options.flag("force-share") == true, !node.isReadOnly {
            faults.append(
                OptionFault(
                    "force-share",
                    "force-share needs a node that is read-only",
                    help: "add read-only: true, or take force-share out"
                )
            )
        }
        if node.options.text("detect-zeroes") == "unmap", node.options.text("discard") != "unmap" {
            faults.append(
                OptionFault(
                    "detect-zeroes",
                    "detect-zeroes: unmap needs discard: unmap",
                    help: "write discard: unmap, or detect-zeroes: on"
                )
            )
        }
        return faults
    }
}
