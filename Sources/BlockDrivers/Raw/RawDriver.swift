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
    private var rules: NodeRules

    init(node: OpenRaw, file: Edge) {
        self.node = node
        self.file = file
        let window = node.currentWindow
        offsetBytes = window.offsetBytes
        rules = window.rules
    }

    /// A pipe holds whole pages, so that an offset between pages would make one page too many.
    var movesPages: Bool {
        file.movesPages && offsetBytes % 4096 == 0 && !rules.detectsZeroes
    }

    var lendsPages: Bool { file.lendsPages && !rules.detectsZeroes }

    func submit(_ request: BlockRequest) -> BlockStatus {
        let offset = offsetBytes
        guard offset != 0 else { return rules.submit(request, to: file) }
        request.slot.pointee.offsetBytes &+= offset
        let status = rules.submit(request, to: file)
        if !status.isParked { request.slot.pointee.offsetBytes &-= offset }
        return status
    }

    func optionsChanged() {
        let window = node.currentWindow
        offsetBytes = window.offsetBytes
        rules = window.rules
    }
}
