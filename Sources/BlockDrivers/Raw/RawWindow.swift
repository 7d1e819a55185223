internal import BlockGraph
internal import GraphModel

/// Which part of its child a `raw` node shows.
struct RawWindow: Hashable, Sendable {
    /// The node, for errors.
    let node: String
    /// First byte of the child.
    let offsetBytes: UInt64
    /// Length, or to the end of the child.
    let sizeBytes: UInt64?
    let rules: NodeRules

    init(_ node: NodeDescription) {
        self.node = node.name
        offsetBytes = UInt64(clamping: node.options.integer("offset") ?? 0)
        sizeBytes = node.options.integer("size").map { UInt64(clamping: $0) }
        rules = NodeRules(node.options)
    }

    /// Limits of the window over a child.
    func limits(over child: BlockLimits) throws(GraphError) -> BlockLimits {
        guard offsetBytes <= child.sizeBytes else {
            throw misfit(
                option: "offset",
                "offset \(offsetBytes) lies behind the end of its file, which has "
                    + "\(child.sizeBytes) bytes; choose a smaller offset or a larger file"
            )
        }
        guard offsetBytes % UInt64(child.alignmentBytes) == 0 else {
            throw misfit(
                option: "offset",
                "offset \(offsetBytes) is not a multiple of the request alignment "
                    + "\(child.alignmentBytes) of its file"
            )
        }
        let rest = child.sizeBytes - offsetBytes
        if let sizeBytes, sizeBytes > rest {
            throw misfit(
                option: "size",
                "offset \(offsetBytes) and size \(sizeBytes) reach behind the end of its file, "
                    + "which has \(child.sizeBytes) bytes; choose a smaller size or a larger file"
            )
        }
        var limits = rules.limits(over: child)
        limits.sizeBytes = sizeBytes ?? rest
        limits.grows = child.grows && sizeBytes == nil
        return limits
    }

    private func misfit(option: String, _ reason: String) -> GraphError {
        GraphError(
            code: .size,
            object: "node/\(node)",
            option: option,
            reason: "the window of raw node \(node) does not fit: \(reason)"
        )
    }
}
