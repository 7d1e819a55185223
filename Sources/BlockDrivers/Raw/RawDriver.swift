internal import BlockGraph

/// One loop's view of a `raw` node: moves the offset and hands everything on.
///
/// No frame is kept for a request, so that this costs two additions. A request that comes back
/// parked keeps the child's offset in its slot: who answers it needs the child's, and who owns it
/// looks at its own copy. Changing child needs no drain, changing the offset does.
final class RawDriver: BlockDriver {
    private let node: OpenRaw
    private let file: Edge
    private var offsetBytes: UInt64

    init(node: OpenRaw, file: Edge) {
        self.node = node
        self.file = file
        offsetBytes = node.offsetBytes
    }

    /// A pipe holds whole pages, so that an offset between pages would make one page too many.
    var movesPages: Bool { file.movesPages && offsetBytes % 4096 == 0 }

    func submit(_ request: BlockRequest) -> BlockStatus {
        let offset = offsetBytes
        guard offset != 0 else { return file.submit(request) }
        request.slot.pointee.offsetBytes &+= offset
        let status = file.submit(request)
        if !status.isParked { request.slot.pointee.offsetBytes &-= offset }
        return status
    }

    func optionsChanged() { offsetBytes = node.offsetBytes }
}
