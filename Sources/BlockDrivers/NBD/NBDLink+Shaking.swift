internal import BlockGraph
internal import Glibc
internal import RingLoop

extension NBDLink {
    /// Begins the handshake on a socket that is connected.
    func shakeHands() {
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
            addressNext -= 1
            return adopt(fd, terms, isStale: false)
        }
        handshake = negotiation?.output ?? []
        negotiation?.output = []
        if handshake.isEmpty { return receiveHandshake() }
        sendHandshake()
    }

    private func sendHandshake() {
        let count = min(handshake.count, Self.depth * NBDWire.requestBytes)
        handshake.withUnsafeBytes { bytes in
            if let start = bytes.baseAddress { headers.copyMemory(from: start, byteCount: count) }
        }
        isSending = true
        keepAlive()
        kernel.send(fd: fd, buffer: headers, length: count, ticket: sendTicket)
    }

    /// Goes on with the handshake when an option was sent.
    func handshakeSent(_ result: Int32) {
        guard result > 0 else { return fail(result) }
        handshake.removeFirst(min(Int(result), handshake.count))
        if handshake.isEmpty { receiveHandshake() } else { sendHandshake() }
    }
}
