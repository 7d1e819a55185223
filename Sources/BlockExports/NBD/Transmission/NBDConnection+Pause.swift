internal import BlockGraph
internal import CLinux
internal import RingLoop

// Pauses, and what they hold up.
extension NBDConnection {
    /// Most bytes of a socket that are looked at to count what waits in it.
    private static let peekedBytesMax = 1 << 20

    /// Takes no further request until ``resume()``.
    func pause() {
        isPaused = true
        pausedSinceNanoseconds = loop.refreshNow()
        // What came before waits from now on; the first to come is noticed while one is received.
        let hasNone = isReceiving && body == nil && refused == nil && input.availableBytes == 0
        heldSinceNanoseconds = hasNone ? 0 : pausedSinceNanoseconds
    }

    /// Goes on, and counts what waited.
    func resume() {
        guard isPaused, !isLeaving else { return }
        isPaused = false
        countHeld()
        proceed()
    }

    /// Takes note that something came while the port is paused.
    func noteHeld() {
        if heldSinceNanoseconds == 0 { heldSinceNanoseconds = loop.nowNanoseconds }
    }

    /// Counts what a pause held up that is over, here or where the client was served before.
    func countHeld() {
        guard pausedSinceNanoseconds > 0 || heldSinceNanoseconds > 0 else { return }
        let now = loop.refreshNow()
        // What nobody has taken note of came since the loop's turn began.
        let since = heldSinceNanoseconds == 0 ? now : heldSinceNanoseconds
        heldSinceNanoseconds = 0
        pausedSinceNanoseconds = 0
        let count = waitingRequestCount
        guard count > 0 else { return }
        counters.recordHeld(count, nanoseconds: now &- since)
    }

    /// Requests that have come, here or to the socket, and are not served.
    private var waitingRequestCount: Int {
        var counter = NBDRequestCounter()
        if let body {
            counter = NBDRequestCounter(
                inPayloadOf: 1,
                restBytes: Int(body.pointee.lengthBytes) - bodyBytes
            )
        } else if refused != nil {
            counter = NBDRequestCounter(inPayloadOf: 1, restBytes: refusedBytes)
        }
        counter.read(
            UnsafeRawBufferPointer(start: input.bytes, count: input.availableBytes)
        )
        backlog.withUnsafeBytes { counter.read($0) }
        // What a pending receive has taken of a payload is not known, nor so where a header begins.
        if !isReceiving || !isReceivingBody || isAwaitingBytes { readSocket(into: &counter) }
        return counter.count
    }

    private func readSocket(into counter: inout NBDRequestCounter) {
        var first: UInt8 = 0
        guard clinux_peek_nowait(fd, &first, 1) == 1 else { return }
        let bytes = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.peekedBytesMax,
            alignment: 16
        )
        defer { bytes.deallocate() }
        guard let start = bytes.baseAddress else { return }
        let count = clinux_peek_nowait(fd, start, bytes.count)
        guard count > 0 else { return }
        counter.read(UnsafeRawBufferPointer(start: start, count: count))
    }
}
