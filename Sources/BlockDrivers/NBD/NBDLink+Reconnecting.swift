internal import BlockGraph
internal import CLinux
internal import Glibc
internal import RingLoop

extension NBDLink {
    /// The connection is of no use any more; a result of -ECANCELED means that the loop ends.
    func fail(_ result: Int32) {
        guard phase != .failing, phase != .over else { return }
        if result == -ECANCELED { isLoopEnding = true }
        let wasReady = phase == .ready
        phase = .failing
        if wasReady, hasServed {
            holdDeadline = loop.refreshNow() + node.currentSettings.reconnectNanoseconds
            // Requests on a connection that had died unused are asked again, once.
            if mayBeStale { holdDeadline = max(holdDeadline, loop.nowNanoseconds + 1) }
        }
        if fd >= 0 { _ = clinux_shutdown(fd) }
        if isReceiving { kernel.cancel(receiveTicket) }
        if isSending { kernel.cancel(sendTicket) }
        // Never settled from within the parser, whose callers are on the way back.
        schedulePumpOfFailure()
    }

    private func schedulePumpOfFailure() {
        guard let timer else { return }
        loop.addTimer(timer, atNanoseconds: loop.nowNanoseconds)
    }

    /// Goes on after a failure when the kernel holds no memory any more.
    func settleWhenQuiet() {
        guard phase == .failing, !isSending, !isReceiving else { return }
        if fd >= 0 { close(fd) }
        fd = -1
        negotiation = nil
        batchCount = 0
        (inputStart, inputEnd, bodyBytes) = (0, 0, 0)
        (expectation, body) = (.reply, nil)
        for index in 0..<Self.depth {
            guard let slot = pendings[index].slot else { continue }
            release(index)
            slot.pointee.extents?.pointee.removeAll()
            waiting.append(BlockRequest(slot))
        }
        let now = loop.refreshNow()
        let isStale = mayBeStale
        mayBeStale = false
        guard !isLoopEnding, now < holdDeadline || (isStale && !waiting.isEmpty) else {
            return giveUp()
        }
        if waiting.isEmpty {
            phase = .disconnected
        } else if isStale {
            beginToReconnect()
        } else {
            pause(now)
        }
    }

    private func pause(_ now: UInt64) {
        phase = .pausing
        pauseDeadline = now + Self.pauseNanoseconds
        arm()
    }

    /// Fails what waits; the next request tries again.
    private func giveUp() {
        phase = .disconnected
        var doomed = waiting
        waiting = RequestQueue()
        while let request = doomed.popFirst() { answer(request.slot, .failed(EIO)) }
    }

    /// Starts to look for the server on behalf of a request.
    func beginToReconnect() {
        let now = loop.refreshNow()
        holdDeadline = max(
            holdDeadline,
            now + max(node.currentSettings.reconnectNanoseconds, Self.attemptNanoseconds)
        )
        // Without a delay there is one attempt, and its failure is final.
        if node.currentSettings.reconnectNanoseconds == 0 { holdDeadline = now }
        attempt()
    }

    private func attempt() {
        if let idle = node.takeIdle() { return adopt(idle.fd, idle.terms, isStale: true) }
        let now = loop.refreshNow()
        attemptDeadline = max(
            now + Self.attemptNanoseconds,
            min(holdDeadline, now + OpenNBDClient.handshakeNanoseconds)
        )
        phase = .connecting
        let address = node.addresses[addressNext % node.addresses.count]
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
        guard result >= 0, NBDSocketAddress.outcome(fd) == 0 else { return fail(result) }
        shakeHands()
    }

    private func shakeHands() {
        phase = .shaking
        negotiation = NBDNegotiation(export: node.currentSettings.export)
        greetingBytes = 0
        receiveHandshake()
    }

    private func receiveHandshake() {
        guard let negotiation else { return }
        isReceiving = true
        keepAlive()
        kernel.receive(
            fd: fd,
            buffer: input + greetingBytes,
            length: negotiation.wantedBytes - greetingBytes,
            ticket: receiveTicket
        )
    }

    /// Takes bytes of the handshake.
    func handshakeReceived(_ result: Int32) {
        guard result > 0, negotiation != nil else { return fail(result) }
        greetingBytes += Int(result)
        guard greetingBytes == negotiation?.wantedBytes else { return receiveHandshake() }
        greetingBytes = 0
        do throws(NBDRefusal) {
            try negotiation?.take(input)
        } catch {
            return fail(-EPROTO)
        }
        if let terms = negotiation?.result {
            negotiation = nil
            guard terms.canReplace(node.terms) else { return fail(-EPROTO) }
            return adopt(fd, terms, isStale: false)
        }
        handshake = negotiation?.output ?? []
        negotiation?.output = []
        if handshake.isEmpty { return receiveHandshake() }
        sendHandshake()
    }

    private func sendHandshake() {
        let count = handshake.count
        handshake.withUnsafeBytes { bytes in
            if let start = bytes.baseAddress {
                headers.copyMemory(
                    from: start,
                    byteCount: min(count, Self.depth * NBDWire.requestBytes)
                )
            }
        }
        isSending = true
        keepAlive()
        let room = Self.depth * NBDWire.requestBytes
        kernel.send(fd: fd, buffer: headers, length: min(count, room), ticket: sendTicket)
    }

    /// Goes on with the handshake when an option was sent.
    func handshakeSent(_ result: Int32) {
        guard result > 0 else { return fail(result) }
        handshake.removeFirst(min(Int(result), handshake.count))
        if handshake.isEmpty { receiveHandshake() } else { sendHandshake() }
    }

    /// Serves over a connection whose handshake is over.
    func adopt(_ socket: Int32, _ terms: NBDServerTerms, isStale: Bool) {
        fd = socket
        self.terms = terms
        phase = .ready
        mayBeStale = isStale
        hasServed = isStale
        if let timer { loop.cancelTimer(timer) }
        schedulePump()
    }

    private func arm() {
        guard let timer else { return }
        let next = phase == .pausing ? pauseDeadline : attemptDeadline
        loop.addTimer(timer, atNanoseconds: next)
    }

    /// A pause or an attempt is over, or a failure is to be settled.
    func timerFired() {
        switch phase {
        case .failing: settleWhenQuiet()
        case .pausing: attempt()
        case .connecting, .shaking: fail(-ETIMEDOUT)
        case .disconnected, .ready, .over: break
        }
    }
}
