import BlockGraph
import Glibc

/// A disk in memory that can be told to keep requests waiting; on one loop.
final class MemoryDriver: BlockDriver {
    let movesPages: Bool
    /// Requests are parked while it is set, until ``answerParked()``.
    var parksRequests = false
    private(set) var parked: [BlockRequest] = []
    private let bytes: UnsafeMutableRawPointer
    private let sizeBytes: Int

    init(sizeBytes: Int, movesPages: Bool) {
        self.movesPages = movesPages
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
        if slot.pointee.pipe >= 0 { return servePipe(slot.pointee, offset, length) }
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

    /// Copies between the disk and a pipe, which has room for all of it.
    private func servePipe(_ slot: RequestSlot, _ offset: Int, _ length: Int) -> BlockStatus {
        var done = 0
        while done < length {
            let count =
                slot.operation == .read
                ? Glibc.write(slot.pipe, bytes + offset + done, length - done)
                : Glibc.read(slot.pipe, bytes + offset + done, length - done)
            guard count > 0 else { return .failed(EIO) }
            done += count
        }
        return .done
    }
}
