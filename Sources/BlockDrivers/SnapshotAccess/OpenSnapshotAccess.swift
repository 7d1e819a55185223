internal import BlockGraph

/// An open `snapshot-access` node; it has nothing of its own.
final class OpenSnapshotAccess: OpenNode {
    private let name: String

    init(name: String) { self.name = name }

    func limits(over children: [String: BlockLimits]) throws(GraphError) -> BlockLimits {
        guard let file = children["file"] else {
            preconditionFailure("snapshot-access has no file")
        }
        guard file.preservesState else {
            throw GraphError(
                code: .openFailed,
                object: "node/\(name)",
                option: "file",
                reason: "the file of node \(name) keeps no point in time; name a "
                    + "copy-before-write node there"
            )
        }
        return BlockLimits(
            sizeBytes: file.sizeBytes,
            alignmentBytes: file.alignmentBytes,
            transferBytesMax: file.transferBytesMax,
            preferredBytes: file.preferredBytes,
            isReadOnly: true
        )
    }

    func makeDriver(in context: DriverContext) -> any BlockDriver {
        SnapshotAccessDriver(file: context.edge("file"))
    }

    func prepare(_ opening: DriverOpening) throws(GraphError) -> any PreparedChange { NoChange() }
    func prepareRemoval() -> any PreparedChange { NoChange() }
    func check() throws(GraphError) {}
    func close() -> String? { nil }
}
