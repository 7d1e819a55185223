internal import BlockGraph
internal import CLinux
internal import Glibc
internal import RingLoop

/// Payloads that travel in pipes: pages of the page cache that never enter this process.
extension FileDriver {
    private static let spliceFlags = CLINUX_SPLICE_MOVE | CLINUX_SPLICE_NONBLOCK

    func readPages(_ request: BlockRequest) -> BlockStatus {
        let slot = request.slot
        guard slot.pointee.lengthBytes > 0 else { return .done }
        if isResident(offset: slot.pointee.offsetBytes, length: slot.pointee.lengthBytes) {
            let result = paced { moveAtOnce(request) }
            if result == 0 { return .done }
            if result != -Int(EAGAIN), result != -Int(EINTR) { return .failed(Int32(-result)) }
        }
        queuePages(request)
        return park(request)
    }

    func writePages(_ request: BlockRequest) -> BlockStatus {
        guard request.slot.pointee.lengthBytes > 0 else { return .done }
        if view.pointee.isDirect { return writeFromPipe(request) }
        if view.pointee.storage != .remote {
            let result = paced { moveAtOnce(request) }
            if result == 0, isDurable(request) {
                queueSync(request)
                return park(request)
            }
            if result == 0 { return .done }
            if result != -Int(EAGAIN), result != -Int(EINTR) { return .failed(Int32(-result)) }
        }
        queuePages(request)
        return park(request)
    }

    /// Whether all pages of a range are in the page cache, and both ends of it are up to date.
    ///
    /// Pages that are being read ahead are in the cache, too, and splice would wait for them; they
    /// arrive in order, so that the ends tell enough.
    private func isResident(offset: UInt64, length: UInt64) -> Bool {
        if view.pointee.storage == .memory { return !view.pointee.isDirect }
        guard view.pointee.tellsResidency, view.pointee.readsWithoutWait else { return false }
        var counts = clinux_cachestat_counts()
        guard clinux_cachestat(view.pointee.fd, offset, length, &counts) == 0 else { return false }
        let page: UInt64 = 4096
        let pages = (offset + length - 1) / page - offset / page + 1
        return counts.cached_pages >= pages && isUpToDate(offset)
            && isUpToDate(offset + length - 1)
    }

    private func isUpToDate(_ offset: UInt64) -> Bool {
        var byte: UInt8 = 0
        return clinux_preadv2_nowait(view.pointee.fd, &byte, 1, Int64(bitPattern: offset)) == 1
    }

    /// Splices all that is left; 0 or a negative error number.
    private func moveAtOnce(_ request: BlockRequest) -> Int {
        let slot = request.slot
        let isRead = slot.pointee.operation == .read
        while slot.pointee.progressBytes < slot.pointee.lengthBytes {
            let done = slot.pointee.progressBytes
            let offset = Int64(bitPattern: slot.pointee.offsetBytes + done)
            let length = Int(slot.pointee.lengthBytes - done)
            let count =
                isRead
                ? clinux_splice(
                    view.pointee.fd,
                    offset,
                    slot.pointee.pipe,
                    -1,
                    length,
                    Self.spliceFlags
                )
                : clinux_splice(
                    slot.pointee.pipe,
                    -1,
                    view.pointee.fd,
                    offset,
                    length,
                    Self.spliceFlags
                )
            // Nothing moved: the file ends here, or the pipe does not hold what was promised.
            guard count > 0 else { return count == 0 ? -Int(EIO) : count }
            slot.pointee.progressBytes += UInt64(count)
        }
        return 0
    }

    private func queuePages(_ request: BlockRequest) {
        let slot = request.slot
        let isRead = slot.pointee.operation == .read
        let done = slot.pointee.progressBytes
        let offset = Int64(bitPattern: slot.pointee.offsetBytes + done)
        kernel.splice(
            in: isRead ? view.pointee.fd : slot.pointee.pipe,
            offsetIn: isRead ? offset : -1,
            out: isRead ? slot.pointee.pipe : view.pointee.fd,
            offsetOut: isRead ? -1 : offset,
            length: Int(slot.pointee.lengthBytes - done),
            flags: Self.spliceFlags,
            ticket: ticket(request) { ticket, result in
                FileDriver.withDriver(of: ticket) { $0.pagesEnded($1, result) }
            }
        )
    }

    private func pagesEnded(_ request: BlockRequest, _ result: Int32) {
        let slot = request.slot
        guard result > 0 else {
            if result == -EINTR { return queuePages(request) }
            return finish(request, .failed(result == 0 || result == -EAGAIN ? EIO : -result))
        }
        slot.pointee.progressBytes += UInt64(result)
        if slot.pointee.progressBytes < slot.pointee.lengthBytes {
            queuePages(request)
        } else if slot.pointee.operation == .write {
            finishDurably(request)
        } else {
            finish(request, .done)
        }
    }

    /// Takes a payload out of its pipe, for a device that wants aligned memory: this happens to
    /// requests that were on their way when `cache.direct` was switched on.
    private func writeFromPipe(_ request: BlockRequest) -> BlockStatus {
        let slot = request.slot
        let copy = makeCopy(request)
        let length = Int(slot.pointee.lengthBytes)
        var taken = 0
        while taken < length {
            let count = Glibc.read(slot.pointee.pipe, copy + taken, length - taken)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                slot.pointee.driverContext = nil
                copy.deallocate()
                return .failed(EIO)
            }
            taken += count
        }
        queueWrite(request)
        return park(request)
    }
}
