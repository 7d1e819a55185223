import BlockGraph
import Glibc

/// A disk in memory that can be told to keep requests waiting; on one loop.
final class MemoryDriver: BlockDriver {
    let movesPages = false
    /// Requests are parked while it is set, until ``answerParked()``.
    var parksRequests = false
    private(set) var parked: [BlockRequest] = []
    private let bytes: UnsafeMutableRawPointer
    private let sizeBytes: Int

    init(sizeBytes: Int) {
        self.sizeBytes = sizeBytes
        bytes = .allocate(byteCount: sizeBytes, alignment: 4096)
        bytes.initializeMemory(as: UInt8.self, repeating: 0, count: sizeBytes)
    }

    deinit { bytes.deallocate() }

    func submit(_ request: BlockRequest) -> BlockStatus {
        guard !parksRequests else {
            parked.append(request)
            return .parked
        }
        return serve(request)
    }

    /// Answers what waits, last come first.
    func answerParked() {
        let requests = parked
        parked = []
        for request in requests.reversed() { request.finish(serve(request)) }
    }

    private func serve(_ request: BlockRequest) -> BlockStatus {
        let slot = request.slot
        let offset = Int(slot.pointee.offsetBytes)
        let length = Int(slot.pointee.lengthBytes)
        switch slot.pointee.operation {
        case .read: slot.pointee.buffer?.copyMemory(from: bytes + offset, byteCount: length)
        case .write:
            guard let buffer = slot.pointee.buffer else { return .failed(EINVAL) }
            (bytes + offset).copyMemory(from: buffer, byteCount: length)
        case .writeZeroes: memset(bytes + offset, 0, length)
        case .extents:
            _ = slot.pointee.extents?.pointee.append(
                .init(lengthBytes: UInt64(length), isHole: false, readsZero: false)
            )
        case .flush, .discard: break
        }
        return .done
    }
}
