internal import BlockGraph
internal import CLinux
internal import Glibc
internal import RingLoop

extension NBDLink {
    /// Waits for bytes while something is asked.
    func receive() {
        guard phase == .ready, !isReceiving, usedCount > 0 else { return }
        isReceiving = true
        keepAlive()
        isDirect =
            expectation == .data && inputStart == inputEnd
            && bodyBytes >= Self.directBytesMin
        if isDirect, let body {
            kernel.receive(fd: fd, buffer: body, length: bodyBytes, ticket: receiveTicket)
            return
        }
        isDirect = false
        if inputStart > 0 {
            memmove(input, input + inputStart, inputEnd - inputStart)
            inputEnd -= inputStart
            inputStart = 0
        }
        kernel.receive(
            fd: fd,
            buffer: input + inputEnd,
            length: Self.inputBytes - inputEnd,
            ticket: receiveTicket
        )
    }

    /// Takes the outcome of a receive, or of a poll while connecting.
    func received(_ result: Int32) {
        switch phase {
        case .connecting: return connected(result)
        case .shaking: return handshakeReceived(result)
        case .failing: return settleWhenQuiet()
        case .ready: break
        default: return
        }
        guard result > 0 else { return fail(result) }
        mayBeStale = false
        isParsing = true
        if isDirect {
            advanceBody(Int(result))
        } else {
            inputEnd += Int(result)
        }
        while phase == .ready, parseOne() {}
        isParsing = false
        if phase == .ready, usedCount == 0, inputStart < inputEnd { return fail(-EPROTO) }
        receive()
        if phase == .ready, !waiting.isEmpty { schedulePump() }
    }

    /// Takes one piece of the input; `false` when more must come, or nothing is to be taken.
    private func parseOne() -> Bool {
        let available = inputEnd - inputStart
        switch expectation {
        case .reply: return parseReply(available)
        case .extents:
            guard available >= 8 else { return false }
            parseExtent(input + inputStart)
            return true
        case .data, .skip:
            let count = min(available, bodyBytes)
            guard count > 0 else { return false }
            if expectation == .data, let body { memcpy(body, input + inputStart, count) }
            inputStart += count
            advanceBody(count)
            return true
        }
    }

    private func advanceBody(_ count: Int) {
        body = body.map { $0 + count }
        bodyBytes -= count
        if bodyBytes == 0 { chunkEnded() }
    }

    private func chunkEnded() {
        expectation = .reply
        body = nil
        guard isLastChunk else { return }
        let pending = pendings[current]
        if pending.errorNumber == 0 {
            let isShort =
                pending.verb == NBDVerb.read
                && (pending.receivedBytes != pending.lengthBytes
                    || pending.filledBytes != pending.lengthBytes)
            let lacksExtents = pending.verb == NBDVerb.blockStatus && !pending.hasExtents
            guard !isShort, !lacksExtents else { return fail(-EPROTO) }
        }
        pendings[current].isReplied = true
        // Until the whole message is out its memory belongs to the kernel.
        if pending.isSent { completed(current) }
    }

    private func find(_ cookie: UInt64) -> Bool {
        let index = Int(cookie & 0xff)
        guard index < Self.depth, pendings[index].slot != nil, pendings[index].cookie == cookie,
            !pendings[index].isReplied
        else { return false }
        current = index
        return true
    }

    private func parseReply(_ available: Int) -> Bool {
        guard available >= NBDWire.simpleReplyBytes else { return false }
        let bytes = UnsafeRawPointer(input + inputStart)
        switch NBDWire.load32(bytes) {
        case NBDWire.simpleReplyMagic: parseSimple(bytes)
        case NBDWire.structuredReplyMagic where terms.isStructured:
            return parseChunk(bytes, available)
        default: fail(-EPROTO)
        }
        return true
    }

    private func parseSimple(_ bytes: UnsafeRawPointer) {
        guard find(NBDWire.load64(bytes, 8)) else { return fail(-EPROTO) }
        inputStart += NBDWire.simpleReplyBytes
        let wire = NBDWire.load32(bytes, 4)
        let pending = pendings[current]
        if wire != 0 { pendings[current].errorNumber = NBDWire.errorNumber(wire) }
        isLastChunk = true
        bodyBytes = 0
        let hasChunks =
            terms.isStructured
            && (pending.verb == NBDVerb.read || pending.verb == NBDVerb.blockStatus)
        guard !hasChunks else { return fail(-EPROTO) }
        guard wire == 0, pending.verb == NBDVerb.read else { return chunkEnded() }
        beginData(at: 0, count: pending.lengthBytes)
    }

    private func beginData(at place: UInt32, count: UInt32) {
        let pending = pendings[current]
        guard let target = pending.target, count <= pending.lengthBytes - pending.receivedBytes
        else { return fail(-EPROTO) }
        // What no chunk has told yet must not show what memory held before.
        if place > pending.filledBytes {
            memset(target + Int(pending.filledBytes), 0, Int(place - pending.filledBytes))
        }
        pendings[current].filledBytes = max(pending.filledBytes, place + count)
        pendings[current].receivedBytes = pending.receivedBytes + count
        expectation = .data
        body = target + Int(place)
        bodyBytes = Int(count)
    }

    private func parseChunk(_ bytes: UnsafeRawPointer, _ available: Int) -> Bool {
        guard available >= NBDWire.chunkBytes else { return false }
        let type = NBDWire.load16(bytes, 6)
        let length = NBDWire.load32(bytes, 16)
        let prelude: UInt32
        switch type {
        case 0: prelude = 0
        case 1: prelude = 8
        case 2: prelude = 12
        case 5: prelude = 4
        case 0x8001: prelude = 6
        case 0x8002: prelude = 14
        case 0x8000...: prelude = 6
        default: prelude = .max
        }
        guard prelude <= length else {
            fail(-EPROTO)
            return true
        }
        guard available >= NBDWire.chunkBytes + Int(prelude) else { return false }
        guard find(NBDWire.load64(bytes, 8)) else {
            fail(-EPROTO)
            return true
        }
        isLastChunk = NBDWire.load16(bytes, 4) & 1 != 0
        inputStart += NBDWire.chunkBytes + Int(prelude)
        takeChunk(type, bytes + NBDWire.chunkBytes, rest: length - prelude)
        return true
    }

    private func takeChunk(_ type: UInt16, _ bytes: UnsafeRawPointer, rest: UInt32) {
        let pending = pendings[current]
        switch type {
        case 0:
            guard rest == 0, isLastChunk else { return fail(-EPROTO) }
            chunkEnded()
        case 1:
            guard pending.verb == NBDVerb.read,
                let place = pending.place(offset: NBDWire.load64(bytes), length: UInt64(rest))
            else { return fail(-EPROTO) }
            beginData(at: place, count: rest)
        case 2:
            let count = NBDWire.load32(bytes, 8)
            guard pending.verb == NBDVerb.read, rest == 0,
                let place = pending.place(offset: NBDWire.load64(bytes), length: UInt64(count))
            else { return fail(-EPROTO) }
            beginData(at: place, count: count)
            guard phase == .ready, let body else { return }
            memset(body, 0, bodyBytes)
            bodyBytes = 0
            chunkEnded()
        case 5:
            guard pending.verb == NBDVerb.blockStatus, !pending.hasExtents, rest > 0, rest % 8 == 0,
                rest <= 64 << 20, NBDWire.load32(bytes) == terms.allocationContext
            else { return fail(-EPROTO) }
            pendings[current].hasExtents = true
            expectation = .extents
            bodyBytes = Int(rest)
        default: takeError(type, bytes, rest: rest)
        }
    }

    private func takeError(_ type: UInt16, _ bytes: UnsafeRawPointer, rest: UInt32) {
        let pending = pendings[current]
        guard rest <= 8192, UInt32(NBDWire.load16(bytes, 4)) <= rest,
            pending.errorCount < Self.errorsMax
        else { return fail(-EPROTO) }
        pendings[current].errorCount = pending.errorCount + 1
        let wire = NBDWire.load32(bytes)
        if pending.errorNumber == 0 {
            pendings[current].errorNumber = wire == 0 ? EIO : NBDWire.errorNumber(wire)
        }
        expectation = .skip
        bodyBytes = Int(rest)
        if rest == 0 { chunkEnded() }
    }

    private func parseExtent(_ bytes: UnsafeRawPointer) {
        inputStart += 8
        bodyBytes -= 8
        let length = UInt64(NBDWire.load32(bytes))
        let flags = NBDWire.load32(bytes, 4)
        guard length > 0 else { return fail(-EPROTO) }
        // The last one may go on behind what was asked; a full list tells less, as it may.
        if let extents = pendings[current].slot?.pointee.extents {
            let asked = UInt64(pendings[current].lengthBytes)
            let covered = min(extents.pointee.coveredBytes, asked)
            let extent = ExtentList.Extent(
                lengthBytes: min(length, asked - covered),
                isHole: flags & 1 != 0,
                readsZero: flags & 2 != 0
            )
            if extent.lengthBytes > 0, pendings[current].filledBytes == 0,
                !extents.pointee.append(extent)
            {
                pendings[current].filledBytes = 1  // Full: what follows is not told.
            }
        }
        if bodyBytes == 0 { chunkEnded() }
    }
}
