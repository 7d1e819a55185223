extension DriverSpecification {
    /// A window on a child.
    package static let raw = DriverSpecification(
        "raw",
        "Bytes as they are, or a window of them.",
        slots: [ChildSlot("file", .filter, .required, "Where the bytes are.")],
        options: [
            OptionSpecification(
                "offset",
                .bytes,
                default: .integer(0),
                "First byte of the window."
            ),
            OptionSpecification("size", .bytes, "Size of the window; to the end by default."),
        ],
        claim: { masks, context in
            guard isWindow(context.node) else { return masks }
            // A window writes and grows nothing that its own users do not.
            var masks = masks
            masks.used.subtract(
                Permissions([.write, .resize]).subtracting(context.demand.used)
            )
            return masks
        },
        roleRule: { slot, node in isWindow(node) ? [.data, .primary] : slot.role },
        passesThrough: { !isWindow($0) },
        size: { node, child in
            node.options.integer("size")
                ?? child.map { max(0, $0 - (node.options.integer("offset") ?? 0)) }
        }
    )

    private static func isWindow(_ node: NodeDescription) -> Bool {
        node.options.integer("offset") ?? 0 != 0 || node.options["size"] != nil
    }
}
