internal import BlockGraph
internal import CLinux
internal import Glibc
internal import RingLoop

/// Reads into memory.
extension FileDriver {
    @inline(__always)
    func read(_ request: BlockRequest) -> BlockStatus {
        let slot = request.slot
        if slot.pointee.pipe >= 0 { return readPages(request) }
        guard let buffer = slot.pointee.buffer else { return .failed(EINVAL) }
        let length = Int(slot.pointee.lengthBytes)
        let offset = Int64(bitPattern: slot.pointee.offsetBytes)
        if slot.pointee.flags.rawValue & RequestFlags.mayLend.rawValue != 0, lend(slot) {
            return .done
        }
        let count: Int
        if view.pointee.readsWithoutWait {
            count = clinux_preadv2_nowait(view.pointee.fd, buffer, length, offset)
        } else if view.pointee.storage == .memory, !view.pointee.isDirect {
            count = clinux_pread(view.pointee.fd, buffer, length, offset)
        } else {
            count = -Int(EAGAIN)
        }
        if count == length { return .done }
        return readRest(request, after: count)
    }

    /// Answers a read with pages of the file, if all of them are cached.
    @inline(__always)
    private func lend(_ slot: UnsafeMutablePointer<RequestSlot>) -> Bool {
        guard let lentPages = view.pointee.lentPages else {
            if !view.pointee.hasTriedLending { openLentPages() }
            return false
        }
        let offset = slot.pointee.offsetBytes
        let pages = lentPages._withUnsafeGuaranteedRef {
            $0.pages(offsetBytes: offset, lengthBytes: slot.pointee.lengthBytes)
        }
        guard let pages else { return false }
        slot.pointee.loan = PageLoan(pages: pages, file: view.pointee.fd, offsetBytes: offset)
        return true
    }

    /// Goes on with a read of which only a part was in the page cache, or nothing.
    private func readRest(_ request: BlockRequest, after count: Int) -> BlockStatus {
        switch count {
        case 0...: request.slot.pointee.progressBytes = UInt64(count)
        case -Int(EAGAIN), -Int(EINTR): break
        case -Int(EOPNOTSUPP), -Int(EINVAL), -Int(ENOSYS):
            if !view.pointee.readsWithoutWait { return .failed(Int32(-count)) }
            view.pointee.readsWithoutWait = false
        default: return .failed(Int32(-count))
        }
        guard request.slot.pointee.lengthBytes > 0 else { return .done }
        if needsCopy(request) { _ = makeCopy(request) }
        queueRead(request)
        return park(request)
    }

    private func queueRead(_ request: BlockRequest) {
        let slot = request.slot
        guard let memory = memory(request) else { return }
        let done = slot.pointee.progressBytes
        kernel.read(
            fd: view.pointee.fd,
            buffer: memory + Int(done),
            length: Int(slot.pointee.lengthBytes - done),
            offset: slot.pointee.offsetBytes + done,
            ticket: ticket(request) { ticket, result in
                FileDriver.withDriver(of: ticket) { $0.readEnded($1, result) }
            }
        )
    }

    private func readEnded(_ request: BlockRequest, _ result: Int32) {
        let slot = request.slot
        guard result > 0 else {
            if result == -EINTR || result == -EAGAIN { return queueRead(request) }
            // The end of a file that somebody has cut off.
            return finish(request, .failed(result == 0 ? EIO : -result))
        }
        slot.pointee.progressBytes += UInt64(result)
        guard slot.pointee.progressBytes >= slot.pointee.lengthBytes else {
            return queueRead(request)
        }
        if let copy = slot.pointee.driverContext, let buffer = slot.pointee.buffer {
            memcpy(buffer, copy, Int(slot.pointee.lengthBytes))
        }
        finish(request, .done)
    }
}
