import BlockGraph
import Glibc

/// A disk in memory that can be told to keep requests waiting; on one loop.
final class MemoryDriver: BlockDriver {
    let movesPages: Bool
    /// What reads are answered with, when the export takes loans.
    var lending = Lending.nothing
    /// Requests are parked while it is set, until ``answerParked()``.
    var parksRequests = false
    private(set) var parked: [BlockRequest] = []
    private let bytes: UnsafeMutableRawPointer
    private let sizeBytes: Int
    /// The file that the bytes are in.
    let file: Int32

    /// What is lent.
    enum Lending {
        case nothing
        /// The bytes.
        case pages
        /// Memory that the kernel cannot read, as behind the end of a file.
        case nowhere
    }

    init(sizeBytes: Int, movesPages: Bool) {
        self.movesPages = movesPages
        self.sizeBytes = sizeBytes
        var name = Array("/tmp/sluice-disk-XXXXXX".utf8CString)
        file = mkstemp(&name)
        unlink(name)
        ftruncate(file, sizeBytes)
        let mapped = mmap(nil, sizeBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
        guard let mapped, mapped != MAP_FAILED else { preconditionFailure("no memory") }
        bytes = mapped
    }

    deinit {
        munmap(bytes, sizeBytes)
        close(file)
    }

    var lendsPages: Bool { true }

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
        if slot.pointee.flags.contains(.mayLend), lending != .nothing {
            // The first page is never mapped.
            let nowhere = UnsafeMutableRawPointer(bitPattern: 1)
            guard let pages = lending == .pages ? bytes + offset : nowhere else {
                return .failed(EINVAL)
            }
            slot.pointee.loan = PageLoan(pages: pages, file: file, offsetBytes: UInt64(offset))
            return .done
        }
        switch slot.pointee.operation {
        case .read: slot.pointee.buffer?.copyMemory(from: bytes + offset, byteCount: length)
        case .write:
            guard let buffer = slot.pointee.buffer else { return .failed(EINVAL) }
            (bytes + offset).copyMemory(from: buffer, byteCount: length)
        case .writeZeroes: memset(bytes + offset, 0, length)
        // What is discarded may read as anything.
        case .discard: memset(bytes + offset, 0xdd, length)
        case .extents:
            _ = slot.pointee.extents?.pointee.append(
                .init(lengthBytes: UInt64(length), isHole: false, readsZero: false)
            )
        case .flush: break
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
