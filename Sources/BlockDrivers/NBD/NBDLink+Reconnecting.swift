internal import BlockGraph
internal import CLinux
internal import Glibc
internal import RingLoop

// How long requests wait for a server: as long as `reconnect-delay` says, from the moment in which
// the loss was noticed; and for one attempt, without a delay, when nothing was lost that anybody used
// (a first connection, or one that died idle). Then they fail, at once, until the server is back,
// which the link finds out by itself.
extension NBDLink {
    /// The connection is of no use any more; a result of -ECANCELED means that the loop ends.
    func fail(_ result: Int32) {
        guard phase != .failing, phase != .over else { return }
        if result == -ECANCELED { isLoopEnding = true }
        wasServing = phase == .ready
        phase = .failing
        if wasServing, hasServed || mayBeStale { lossNanoseconds = loop.refreshNow() }
        if fd >= 0 { _ = clinux_shutdown(fd) }
        if isReceiving { kernel.cancel(receiveTicket) }
        if isSending { kernel.cancel(sendTicket) }
        // Never settled from within the parser, whose callers are on the way back.
        if let timer { loop.addTimer(timer, atNanoseconds: loop.nowNanoseconds) }
    }

    /// Goes on after a failure when the kernel holds no memory any more.
    func settleWhenQuiet() {
        guard phase == .failing, !isSending, !isReceiving else { return }
        let isStale = wasServing && mayBeStale
        forgetConnection(countsTries: !isStale)
        let now = loop.refreshNow()
        guard !isLoopEnding else { return rest() }
        if isStale {
            // What was asked of a connection that had died unused is asked again, once.
            beginPatience(now, isFirst: false)
            return attempt()
        }
        let hasNextAddress = !wasServing && addressesTried < node.addresses.count
        if !wasServing, !hasNextAddress { patienceEnd = 0 }
        failOverdue(now)
        // A server that served and went may be there again already; one that did neither may not.
        if wasServing { addressesTried = 0 }
        if hasNextAddress || (wasServing && hasServed) { return attempt() }
        phase = .pausing
        isLost = true
        let isHolding = now < requestsEnd
        pauseDeadline = now + (isHolding ? Self.pauseNanoseconds : Self.idlePauseNanoseconds)
        addressesTried = 0
        arm()
    }

    private func forgetConnection(countsTries: Bool) {
        if fd >= 0 { close(fd) }
        fd = -1
        negotiation = nil
        batchCount = 0
        (inputStart, inputEnd, bodyBytes) = (0, 0, 0)
        (expectation, body) = (.reply, nil)
        mayBeStale = false
        for index in 0..<Self.depth {
            guard let slot = pendings[index].slot else { continue }
            free(index)
            slot.pointee.extents?.pointee.removeAll()
            if countsTries { slot.pointee.driverValue += Self.oneTry }
            // A request with which one connection after the other dies must not be held for ever.
            if slot.pointee.driverValue / Self.oneTry >= Self.triesMax {
                answer(slot, .failed(EIO))
            } else {
                waiting.append(BlockRequest(slot))
            }
        }
    }

    /// Until when what waits may wait; loop time.
    private var requestsEnd: UInt64 {
        guard let lossNanoseconds else { return patienceEnd }
        return max(patienceEnd, lossNanoseconds + node.currentSettings.reconnectNanoseconds)
    }

    private func beginPatience(_ now: UInt64, isFirst: Bool) {
        if lossNanoseconds == nil { lossNanoseconds = now }
        let isTimed = !isFirst && node.currentSettings.reconnectNanoseconds > 0
        patienceEnd = isTimed ? 0 : now + Self.patienceNanoseconds
        addressesTried = 0
    }

    /// Fails what has waited long enough; `true` when nothing may wait at this time.
    @discardableResult
    private func failOverdue(_ now: UInt64) -> Bool {
        guard now >= requestsEnd else { return false }
        failWaiting()
        return true
    }

    private func failWaiting() {
        var doomed = waiting
        waiting = RequestQueue()
        while let request = doomed.popFirst() { answer(request.slot, .failed(EIO)) }
    }

    /// The view goes: whatever is left without an answer gets one.
    func answerFlushes() {
        for index in 0..<Self.depth {
            guard let slot = pendings[index].slot else { continue }
            free(index)
            answer(slot, .failed(EIO))
        }
        failWaiting()
    }

    /// Looks for no server until somebody asks.
    private func rest() {
        phase = .disconnected
        if let timer { loop.cancelTimer(timer) }
        failWaiting()
    }

    /// Requests came while there is no connection: looks for the server, holds them, or fails them.
    func waitForServer() {
        guard phase != .over, phase != .failing, !waiting.isEmpty else { return }
        let now = loop.refreshNow()
        guard phase == .disconnected else {
            if !failOverdue(now) { arm() }
            return
        }
        guard !isLoopEnding else { return failWaiting() }
        beginPatience(now, isFirst: true)
        if let idle = node.takeIdle() { return adopt(idle.fd, idle.terms, isStale: true) }
        attempt()
    }

    /// The delay may be another one.
    func delayChanged() {
        switch phase {
        case .connecting, .shaking, .pausing:
            failOverdue(loop.refreshNow())
            arm()
        case .disconnected, .ready, .failing, .over: break
        }
    }

    private func attempt() {
        let now = loop.refreshNow()
        let isOnlyAddress = node.addresses.count == 1
        attemptDeadline =
            now + (isOnlyAddress ? OpenNBDClient.handshakeNanoseconds : Self.patienceNanoseconds)
        phase = .connecting
        addressesTried += 1
        let address = node.addresses[addressNext % node.addresses.count]
        // That of a connection which comes about is taken back, so that it is the next one again.
        addressNext += 1
        let (socket, error) = address.connect()
        fd = socket
        guard socket >= 0 else { return fail(-error) }
        arm()
        if error == 0 { return shakeHands() }
        isReceiving = true
        keepAlive()
        kernel.poll(fd: fd, events: CLINUX_POLL_OUT, ticket: receiveTicket)
    }

    /// The socket says that it is connected, or that it never will be.
    func connected(_ result: Int32) {
        guard result >= 0 else { return fail(result) }
        let outcome = NBDSocketAddress.outcome(fd)
        guard outcome == 0 else { return fail(-outcome) }
        shakeHands()
    }

    /// Serves over a connection whose handshake is over.
    func adopt(_ socket: Int32, _ terms: NBDServerTerms, isStale: Bool) {
        fd = socket
        self.terms = terms
        phase = .ready
        isLost = false
        mayBeStale = isStale || waiting.isEmpty
        hasServed = false
        patienceEnd = 0
        if let timer { loop.cancelTimer(timer) }
        schedulePump()
    }

    private func arm() {
        guard let timer else { return }
        let next = phase == .pausing ? pauseDeadline : attemptDeadline
        let end = requestsEnd
        let isHolding = !waiting.isEmpty && end > loop.nowNanoseconds
        loop.addTimer(timer, atNanoseconds: isHolding ? min(next, end) : next)
    }

    /// A pause, an attempt or a hold is over, or a failure is to be settled.
    func timerFired() {
        guard phase != .failing else { return settleWhenQuiet() }
        let now = loop.refreshNow()
        switch phase {
        case .pausing:
            failOverdue(now)
            if now >= pauseDeadline { attempt() } else { arm() }
        case .connecting, .shaking:
            failOverdue(now)
            if now >= attemptDeadline { fail(-ETIMEDOUT) } else { arm() }
        case .disconnected, .ready, .failing, .over: break
        }
    }
}
