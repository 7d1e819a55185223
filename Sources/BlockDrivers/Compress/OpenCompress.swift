internal import BlockGraph
internal import GraphModel

/// An open `compress` node.
final class OpenCompress: OpenNode {
    private let node: StagedValue<NodeDescription>
    private let file: LatestValue<BlockLimits>

    init(_ node: NodeDescription) {
        self.node = StagedValue(node)
        file = LatestValue(BlockLimits(sizeBytes: 0))
    }

    /// What views obey.
    var currentRules: NodeRules { NodeRules(node.current.options) }
    /// The format below.
    var currentFile: BlockLimits { file.value }

    func limits(over children: [String: BlockLimits]) throws(GraphError) -> BlockLimits {
        guard let file = children["file"] else { preconditionFailure("a compress has no file") }
        let node = node.wished
        guard file.compresses, file.clusterBytes > 0 else {
            throw GraphError(
                code: .openFailed,
                object: "node/\(node.name)",
                option: "file",
                reason: "what is below compress node \(node.name) cannot store anything "
                    + "compressed; put a qcow2 node there, or take the compress node out"
            )
        }
        self.file.store(file)
        var limits = NodeRules(node.options).limits(over: file)
        limits.preferredBytes = max(limits.preferredBytes, file.clusterBytes)
        return limits
    }

    func makeDriver(in context: DriverContext) -> any BlockDriver {
        CompressDriver(node: self, file: context.edge("file"))
    }

    func prepare(_ opening: DriverOpening) throws(GraphError) -> any PreparedChange {
        node.stage(opening.node)
    }

    func prepareRemoval() -> any PreparedChange { NoChange() }
    func check() throws(GraphError) {}
    func close() -> String? { nil }
}
