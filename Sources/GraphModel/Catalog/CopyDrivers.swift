extension DriverSpecification {
    /// A filter that fills overlays.
    package static let copyOnRead = DriverSpecification(
        "copy-on-read",
        "Keeps what was read from a backing in the overlay.",
        slots: [ChildSlot("file", .filter, .required, "The overlay.")],
        options: [
            OptionSpecification(
                "bottom",
                .reference(.node),
                "Copy only from nodes above this one."
            )
        ],
        claim: { masks, _ in
            EdgeMasks(used: masks.used.union(.writeUnchanged), shared: masks.shared)
        },
        passesWithoutBacking: true
    )

    /// A filter that saves what is about to be overwritten.
    package static let copyBeforeWrite = DriverSpecification(
        "copy-before-write",
        "Saves old data to a target before it is overwritten.",
        slots: [
            ChildSlot("file", .filter, .required, "What is written to."),
            ChildSlot("target", .data, .required, "Where old data goes."),
        ],
        options: [
            OptionSpecification(
                "on-cbw-error",
                .choice(["break-guest-write", "break-snapshot"]),
                default: .text("break-guest-write"),
                "Who suffers when saving fails."
            ),
            OptionSpecification(
                "cbw-timeout",
                .time,
                default: .integer(0),
                "Longest time to save; 0: any."
            ),
        ],
        canReopen: false,
        claim: { masks, context in
            guard context.edge == "file" else {
                return EdgeMasks(
                    used: .write,
                    shared: [.consistentRead, .write, .writeUnchanged]
                )
            }
            guard context.hasUsers else { return .idle }
            var masks = masks
            if context.demand.used.contains(.write) { masks.used.insert(.consistentRead) }
            masks.shared.subtract([.write, .resize])
            return masks
        }
    )

    /// The view that a copy-before-write node keeps.
    package static let snapshotAccess = DriverSpecification(
        "snapshot-access",
        "Shows the state that a copy-before-write node preserves.",
        slots: [
            ChildSlot(
                "file",
                [.data, .primary],
                .required,
                "The copy-before-write node.",
                driver: "copy-before-write"
            )
        ],
        canReopen: false,
        claim: { _, _ in .idle }
    )
}
