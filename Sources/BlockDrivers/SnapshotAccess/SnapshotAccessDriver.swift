internal import BlockGraph
internal import Glibc

/// One loop's view of a `snapshot-access` node: asks for the point in time, and refuses to change it.
///
/// Keeps nothing; it comes and goes with its point in time, which needs a drain.
final class SnapshotAccessDriver: BlockDriver {
    private let file: Edge

    init(file: Edge) { self.file = file }

    var movesPages: Bool { false }

    func submit(_ request: BlockRequest) -> BlockStatus {
        switch request.slot.pointee.operation {
        case .read, .extents:
            request.slot.pointee.flags.insert(.preserved)
            return file.submit(request)
        case .flush: return .done
        case .write, .discard, .writeZeroes: return .failed(EPERM)
        }
    }
}
