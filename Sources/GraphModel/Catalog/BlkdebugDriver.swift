extension DriverSpecification {
    /// A filter for tests.
    package static let blkdebug = DriverSpecification(
        "blkdebug",
        "Makes requests fail or wait; for tests.",
        slots: [ChildSlot("image", .filter, .required, "What is tried.")],
        options: [
            OptionSpecification(
                "align",
                .size(1...(1 << 25)),
                "Request alignment, a power of two."
            ),
            OptionSpecification("max-transfer", .size(1...(1 << 31)), "Longest request."),
            OptionSpecification(
                "inject-error",
                .list(.mapping(injectedError)),
                change: .live,
                "Requests that fail."
            ),
            OptionSpecification(
                "set-state",
                .list(.mapping(stateChange)),
                change: .live,
                "Events that change the state that rules look at; it is 1 at first."
            ),
            OptionSpecification(
                "delay",
                .time,
                default: .integer(0),
                change: .live,
                "How long each request waits."
            ),
            OptionSpecification(
                "take-child-perms",
                .permissions,
                "Permissions that it uses in any case."
            ),
            OptionSpecification(
                "unshare-child-perms",
                .permissions,
                "Permissions that it lets nobody else use."
            ),
        ],
        claim: { masks, context in
            EdgeMasks(
                used: masks.used.union(permissions("take-child-perms", context.node)),
                shared: masks.shared.subtracting(
                    permissions("unshare-child-perms", context.node)
                )
            )
        },
        passesThrough: { _ in true },
        alignment: { $0.options.integer("align") ?? 1 },
        check: checkBlkdebug
    )

    private static let stateChange: [OptionSpecification] = [
        OptionSpecification("event", .choice(BlockEvents.names), "The step of a format."),
        OptionSpecification(
            "state",
            .integer(0...(1 << 30)),
            "Only in this state; in any when left out or 0."
        ),
        OptionSpecification("new-state", .integer(1...(1 << 30)), "The state after it."),
    ]

    private static let injectedError: [OptionSpecification] = [
        OptionSpecification(
            "event",
            .choice(BlockEvents.names),
            "Only requests of this step of the format above; of any when left out."
        ),
        OptionSpecification(
            "state",
            .integer(0...(1 << 30)),
            "Only in this state; in any when left out or 0."
        ),
        OptionSpecification(
            "iotype",
            .choice(["read", "write", "write-zeroes", "discard", "flush", "block-status"]),
            "Which requests; all but block-status when left out."
        ),
        OptionSpecification(
            "sector",
            .integer(0...(Int64.max >> 9)),
            "Only requests that touch this sector of 512 bytes."
        ),
        OptionSpecification(
            "errno",
            .errorNumber,
            default: .integer(5),
            "The error they get."
        ),
        OptionSpecification("once", .flag, default: .flag(false), "Only the first such request."),
        OptionSpecification(
            "probability",
            .fraction(0...1),
            default: .fraction(1),
            "How often."
        ),
    ]

    private static func permissions(_ key: String, _ node: NodeDescription) -> Permissions {
        var found: Permissions = []
        for case .text(let name) in node.options.list(key) ?? [] {
            found.formUnion(Permissions(name: name) ?? [])
        }
        return found
    }

    private static func checkBlkdebug(_ node: NodeDescription) -> [OptionFault] {
        let align = node.options.integer("align") ?? 1
        var faults: [OptionFault] = []
        if align.nonzeroBitCount != 1 {
            faults.append(
                OptionFault(
                    "align",
                    "align \(align) is not a power of two",
                    help: "512 and 4096 are usual"
                )
            )
        } else if let longest = node.options.integer("max-transfer"), longest % align != 0 {
            faults.append(
                OptionFault(
                    "max-transfer",
                    "max-transfer \(longest) is not a multiple of align \(align)",
                    help: "requests are cut at multiples of align"
                )
            )
        }
        return faults
    }
}
