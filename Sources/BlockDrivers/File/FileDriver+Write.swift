internal import BlockGraph
internal import CLinux
internal import Glibc
internal import RingLoop

/// Writes from memory, and flushes.
extension FileDriver {
    @inline(__always)
    func write(_ request: BlockRequest) -> BlockStatus {
        let slot = request.slot
        guard view.pointee.isWritable else { return .failed(EPERM) }
        if slot.pointee.pipe >= 0 { return writePages(request) }
        guard let buffer = slot.pointee.buffer else { return .failed(EINVAL) }
        let length = Int(slot.pointee.lengthBytes)
        if view.pointee.detectsZeroes, ZeroScan.isZero(buffer, count: length) {
            return writeZeroes(request)
        }
        let count =
            isDurable(request) || view.pointee.isDirect
            ? -Int(EAGAIN) : writeAtOnce(request, buffer, length)
        if count == length { return .done }
        return writeRest(request, after: count)
    }

    /// Whether a request must be durable before it is answered.
    @inline(__always)
    func isDurable(_ request: BlockRequest) -> Bool {
        request.slot.pointee.flags.contains(.forceUnitAccess) && !view.pointee.skipsFlushes
    }

    /// Writes on the loop what can be written there.
    ///
    /// - Returns: Bytes written, or a negative error number; `-EAGAIN` means by the ring.
    @inline(__always)
    private func writeAtOnce(
        _ request: BlockRequest,
        _ buffer: UnsafeMutableRawPointer,
        _ length: Int
    ) -> Int {
        let offset = Int64(bitPattern: request.slot.pointee.offsetBytes)
        if view.pointee.writesWithoutWait {
            let count = clinux_pwritev2(
                view.pointee.fd,
                buffer,
                length,
                offset,
                CLINUX_RWF_NOWAIT
            )
            guard count == -Int(EOPNOTSUPP) else { return count }
            view.pointee.writesWithoutWait = false
        }
        guard view.pointee.storage != .remote else { return -Int(EAGAIN) }
        return paced { clinux_pwrite(view.pointee.fd, buffer, length, offset) }
    }

    /// Makes a call that may wait for the disk, unless such calls have been slow lately.
    ///
    /// - Returns: What the call returned, or `-EAGAIN` when it was not made.
    @inline(__always)
    func paced(_ call: () -> Int) -> Int {
        let begin = MonotonicClock.lastTick
        guard view.pointee.pace.isTrusting(now: begin) else { return -Int(EAGAIN) }
        // Once a turn, in which the thread sleeps for no other reason.
        if view.pointee.turn != loop.nowNanoseconds {
            view.pointee.turn = loop.nowNanoseconds
            view.pointee.sleepCount = Self.sleepCount
        }
        let result = call()
        let end = MonotonicClock.lastTick
        if SynchronousPace.isSlow(begin: begin, end: end) { recordSlow(end: end) }
        return result
    }

    private func recordSlow(end: UInt64) {
        let count = Self.sleepCount
        if count != view.pointee.sleepCount { view.pointee.pace.recordSleep(end: end) }
        view.pointee.sleepCount = count
    }

    /// How often this thread has slept by its own will.
    private static var sleepCount: Int {
        var usage = rusage()
        let thisThread: __rusage_who_t = 1
        return getrusage(thisThread, &usage) == 0 ? usage.ru_nvcsw : 0
    }

    private func writeRest(_ request: BlockRequest, after count: Int) -> BlockStatus {
        switch count {
        case 0...: request.slot.pointee.progressBytes = UInt64(count)
        case -Int(EAGAIN), -Int(EINTR): break
        default: return .failed(Int32(-count))
        }
        guard request.slot.pointee.lengthBytes > 0 else { return .done }
        if needsCopy(request), let buffer = request.slot.pointee.buffer {
            memcpy(makeCopy(request), buffer, Int(request.slot.pointee.lengthBytes))
        }
        queueWrite(request)
        return park(request)
    }

    /// Has the ring write what is left of a payload in memory.
    func queueWrite(_ request: BlockRequest) {
        let slot = request.slot
        guard let memory = memory(request) else { return }
        let done = slot.pointee.progressBytes
        kernel.write(
            fd: view.pointee.fd,
            buffer: memory + Int(done),
            length: Int(slot.pointee.lengthBytes - done),
            offset: slot.pointee.offsetBytes + done,
            flags: isDurable(request) ? CLINUX_RWF_DSYNC : 0,
            ticket: ticket(request) { ticket, result in
                FileDriver.withDriver(of: ticket) { $0.writeEnded($1, result) }
            }
        )
    }

    private func writeEnded(_ request: BlockRequest, _ result: Int32) {
        let slot = request.slot
        guard result > 0 else {
            if result == -EINTR || result == -EAGAIN { return queueWrite(request) }
            if isDurable(request), result == -EIO { rememberFlushError(EIO) }
            return finish(request, .failed(result == 0 ? EIO : -result))
        }
        slot.pointee.progressBytes += UInt64(result)
        guard slot.pointee.progressBytes >= slot.pointee.lengthBytes else {
            return queueWrite(request)
        }
        if isDurable(request), flushError != 0 { return finish(request, .failed(flushError)) }
        finish(request, .done)
    }

    func flush(_ request: BlockRequest) -> BlockStatus {
        if view.pointee.skipsFlushes || !view.pointee.isWritable { return .done }
        queueSync(request)
        return park(request)
    }

    /// Makes durable what was written, then answers.
    func queueSync(_ request: BlockRequest) {
        kernel.sync(
            fd: view.pointee.fd,
            dataOnly: true,
            ticket: ticket(request) { ticket, result in
                FileDriver.withDriver(of: ticket) { $0.syncEnded($1, result) }
            }
        )
    }

    private func syncEnded(_ request: BlockRequest, _ result: Int32) {
        if result == -EINTR { return queueSync(request) }
        if result < 0, result != -ECANCELED { rememberFlushError(-result) }
        let error = flushError != 0 ? flushError : max(-result, 0)
        finish(request, error == 0 ? .done : .failed(error))
    }

    /// Answers a request that is done but for being durable.
    func finishDurably(_ request: BlockRequest) {
        if isDurable(request) { queueSync(request) } else { finish(request, .done) }
    }
}
