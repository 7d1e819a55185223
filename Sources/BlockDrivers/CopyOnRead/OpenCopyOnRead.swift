internal import BlockGraph
internal import GraphModel

/// An open `copy-on-read` node.
final class OpenCopyOnRead: OpenNode {
    /// How far copying reaches, and in what units.
    struct Reach: Hashable, Sendable {
        /// Deepest layer that is copied from; 1, the overlay itself, means none.
        var depthMax: UInt16 = 1
        var clusterBytes: UInt64 = 1
        var sizeBytes: UInt64 = 0
        var isReadOnly = false
    }

    /// Keeps copies and writes apart, on all loops.
    let gate = RangeGate()
    private let node: StagedValue<NodeDescription>
    private let reach = LatestValue(Reach())

    init(_ node: NodeDescription) { self.node = StagedValue(node) }

    /// What views obey.
    var currentRules: NodeRules { NodeRules(node.current.options) }
    /// How far views copy.
    var currentReach: Reach { reach.value }

    func limits(over children: [String: BlockLimits]) throws(GraphError) -> BlockLimits {
        guard let file = children["file"] else { preconditionFailure("copy-on-read has no file") }
        let node = node.wished
        var depthMax = file.layerCount
        if let name = node.options.text("bottom") {
            guard let bottom = children["bottom"], bottom.layerCount <= file.layerCount else {
                throw GraphError(
                    code: .openFailed,
                    object: "node/\(node.name)",
                    option: "bottom",
                    reason: "node \(name) is not in the backing chain below \(node.name); name a "
                        + "node of that chain, or leave bottom out to copy from all of it"
                )
            }
            depthMax = file.layerCount - bottom.layerCount + 1
        }
        let limits = NodeRules(node.options).limits(over: file)
        reach.store(
            Reach(
                depthMax: depthMax,
                clusterBytes: UInt64(max(file.clusterBytes, file.alignmentBytes, 1)),
                sizeBytes: file.sizeBytes,
                isReadOnly: limits.isReadOnly
            )
        )
        return limits
    }

    func makeDriver(in context: DriverContext) -> any BlockDriver {
        CopyOnReadDriver(node: self, loop: context.loop, file: context.edge("file"))
    }

    func prepare(_ opening: DriverOpening) throws(GraphError) -> any PreparedChange {
        node.stage(opening.node)
    }

    func prepareRemoval() -> any PreparedChange { NoChange() }
    func check() throws(GraphError) {}
    func close() -> String? { nil }
}
