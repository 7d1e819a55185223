internal import BlockGraph

/// One loop's view of a `compress` node: marks writes of whole clusters.
///
/// A write that begins or ends inside a cluster is passed on plainly, since a cluster is packed as
/// a whole; clients that copy disks see the cluster as the preferred size and write whole ones. The
/// last cluster of a disk counts as whole at the disk's end.
///
/// Coming and going needs no drain: how a cluster is stored does not change what it says.
final class CompressDriver: BlockDriver {
    private let node: OpenCompress
    private let file: Edge
    private var rules: NodeRules
    private var clusterMask: UInt64 = 0
    private var sizeBytes: UInt64 = 0

    init(node: OpenCompress, file: Edge) {
        self.node = node
        self.file = file
        rules = node.currentRules
        optionsChanged()
    }

    var movesPages: Bool { false }

    func submit(_ request: BlockRequest) -> BlockStatus {
        let slot = request.slot
        if slot.pointee.operation == .write {
            let end = slot.pointee.offsetBytes + slot.pointee.lengthBytes
            let isWhole =
                slot.pointee.offsetBytes & clusterMask == 0
                && (end & clusterMask == 0 || end == sizeBytes)
            if isWhole { slot.pointee.flags.insert(.compressed) }
        }
        return rules.submit(request, to: file)
    }

    func optionsChanged() {
        rules = node.currentRules
        let limits = node.currentFile
        clusterMask = UInt64(max(limits.clusterBytes, 1)) - 1
        sizeBytes = limits.sizeBytes
    }
}
