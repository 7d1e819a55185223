extension DriverSpecification {
    /// Several copies of one disk.
    package static let quorum = DriverSpecification(
        "quorum",
        "Writes to all children, reads what most of them say.",
        slots: [ChildSlot("children", .data, .list(countMin: 1), "The copies.")],
        options: [
            OptionSpecification(
                "vote-threshold",
                .integer(1...4096),
                isRequired: true,
                "Copies that have to agree."
            ),
            OptionSpecification(
                "read-pattern",
                .choice(["quorum", "fifo"]),
                default: .text("quorum"),
                "Ask all, or the first that answers."
            ),
            OptionSpecification(
                "rewrite-corrupted",
                .flag,
                default: .flag(false),
                "Mend copies that were outvoted."
            ),
        ],
        canReopen: false,
        claim: { _, context in
            // Another writer or resizer on one leg would make the legs differ.
            var used = context.demand.used
            if context.node.options.flag("rewrite-corrupted") == true, !context.node.isReadOnly {
                used.insert(.write)
            }
            return EdgeMasks(
                used: used,
                shared: context.demand.shared.intersection([.consistentRead, .writeUnchanged])
            )
        },
        check: { node in
            let threshold = node.options.integer("vote-threshold") ?? 0
            if node.options.text("read-pattern") == "fifo",
                node.options.flag("rewrite-corrupted") == true
            {
                return [
                    OptionFault(
                        "rewrite-corrupted",
                        "rewrite-corrupted needs read-pattern: quorum",
                        help: "with fifo nobody compares the copies; take one of the two out"
                    )
                ]
            }
            guard threshold > Int64(node.children.count), !node.children.isEmpty else {
                return sameCopies(node)
            }
            return [
                OptionFault(
                    "vote-threshold",
                    "vote-threshold is \(threshold) and there are \(node.children.count) children",
                    help: "a vote needs at least as many children as its threshold"
                )
            ]
        }
    )

    /// Children that a vote would ask twice.
    private static func sameCopies(_ node: NodeDescription) -> [OptionFault] {
        var first: [String: String] = [:]
        return node.children.compactMap { child in
            guard let other = first[child.node] else {
                first[child.node] = child.edge
                return nil
            }
            return OptionFault(
                child.edge,
                "\(child.edge) and \(other) are the same node, \(child.node)",
                help: "a copy has one vote: name another node, or take one of the two out"
            )
        }
    }

    /// Two disks that have to be the same.
    package static let blkverify = DriverSpecification(
        "blkverify",
        "Writes to both children and compares what they read.",
        slots: [
            ChildSlot("raw", .filter, .required, "What is known to be right."),
            ChildSlot("test", .data, .required, "What is tried."),
        ],
        canReopen: false
    )
}
