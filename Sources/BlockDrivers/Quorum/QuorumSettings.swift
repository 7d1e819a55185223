internal import BlockGraph
internal import GraphModel

/// Options of a `quorum` node.
struct QuorumSettings: Sendable {
    /// Most copies of one disk.
    static let childCountMax = 32

    let node: String
    let rules: NodeRules
    /// How many copies have to agree.
    let threshold: Int
    /// Whether the first copy that can be read is believed.
    let isFirstBelieved: Bool
    /// Whether copies that were outvoted are mended.
    let mends: Bool
    /// Edges in order.
    let edges: [String]

    init(_ node: NodeDescription) {
        self.node = node.name
        rules = NodeRules(node.options)
        threshold = Int(clamping: node.options.integer("vote-threshold") ?? 1)
        isFirstBelieved = node.options.text("read-pattern") == "fifo"
        mends = node.options.flag("rewrite-corrupted") == true && !node.isReadOnly
        edges = node.children.map(\.edge)
    }

    /// Limits over the copies, which must be alike.
    func limits(over children: [String: BlockLimits]) throws(GraphError) -> BlockLimits {
        guard edges.count <= Self.childCountMax else {
            throw refusal("has \(edges.count) children; \(Self.childCountMax) are the most")
        }
        guard threshold <= edges.count else {
            throw refusal(
                "has \(edges.count) children, fewer than its vote-threshold \(threshold); lower "
                    + "the threshold first"
            )
        }
        guard let first = edges.first, var limits = children[first] else {
            throw refusal("has no children")
        }
        for edge in edges.dropFirst() {
            guard let child = children[edge] else { continue }
            guard child.sizeBytes == limits.sizeBytes else {
                throw refusal(
                    "has children of different sizes: \(first) has \(limits.sizeBytes) bytes and "
                        + "\(edge) has \(child.sizeBytes); copies of one disk are equally long"
                )
            }
            limits.alignmentBytes = max(limits.alignmentBytes, child.alignmentBytes)
            limits.preferredBytes = max(limits.preferredBytes, child.preferredBytes)
            limits.transferBytesMax = min(limits.transferBytesMax, child.transferBytesMax)
            limits.isReadOnly = limits.isReadOnly || child.isReadOnly
        }
        guard limits.alignmentBytes <= QuorumDriver.pieceBytesMax else {
            throw refusal(
                "has a child whose request alignment is \(limits.alignmentBytes) bytes; "
                    + "\(QuorumDriver.pieceBytesMax) is the most"
            )
        }
        return BlockLimits(
            sizeBytes: limits.sizeBytes,
            alignmentBytes: limits.alignmentBytes,
            transferBytesMax: limits.transferBytesMax,
            preferredBytes: limits.preferredBytes,
            isReadOnly: limits.isReadOnly || rules.isReadOnly
        )
    }

    private func refusal(_ fact: String) -> GraphError {
        GraphError(
            code: .size,
            object: "node/\(node)",
            option: "children",
            reason: "quorum node \(node) \(fact)"
        )
    }
}
