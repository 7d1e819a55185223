internal import BlockGraph
internal import CLinux
internal import Glibc
internal import RingLoop

extension NBDLink {
    /// Marks a request of which only the flush behind it is left.
    static let onlyFlush = UInt64.max

    /// Takes a request; what needs no server is answered at once.
    func submit(_ request: BlockRequest) -> BlockStatus {
        let slot = request.slot
        let (operation, flags) = rules.applied(
            to: slot.pointee.operation,
            slot.pointee.flags,
            payload: slot.pointee.pipe < 0 ? slot.pointee.buffer : nil,
            lengthBytes: slot.pointee.lengthBytes
        )
        let offered = node.terms
        switch operation {
        case .flush where !offered.flushes: return .done
        case .discard where !offered.trims || rules.ignoresDiscards: return .done
        case .writeZeroes where flags.contains(.fastOnly) && !offered.zeroesFast:
            return .failed(ENOTSUP)
        case .extents where offered.allocationContext == nil:
            _ = slot.pointee.extents?.pointee.append(
                ExtentList.Extent(
                    lengthBytes: slot.pointee.lengthBytes,
                    isHole: false,
                    readsZero: false
                )
            )
            return .done
        default: break
        }
        if slot.pointee.lengthBytes == 0, operation != .flush { return .done }
        if operation == .write || operation == .writeZeroes || operation == .discard {
            hasWritten = true
        }
        slot.pointee.progressBytes = 0
        slot.pointee.driverContext = nil
        slot.pointee.driverValue = UInt64(operation.rawValue) << 16 | UInt64(flags.rawValue)
        if slot.pointee.pipe >= 0, operation == .read || operation == .write {
            guard takePipe(slot, isWrite: operation == .write) else { return .failed(EIO) }
        }
        waiting.append(request)
        schedulePump()
        return .parked
    }

    private func takePipe(_ slot: UnsafeMutablePointer<RequestSlot>, isWrite: Bool) -> Bool {
        let count = Int(clamping: slot.pointee.lengthBytes)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 4096)
        guard !isWrite || PipePayload.take(memory, count: count, from: slot.pointee.pipe) else {
            memory.deallocate()
            return false
        }
        slot.pointee.driverContext = memory
        return true
    }

    /// Sends what waits, or sees to it that there is a connection.
    func pump() {
        guard phase == .ready else { return waitForServer() }
        guard !isSending, !waiting.isEmpty else { return }
        batchCount = 0
        vectorCount = 0
        vectorFirst = 0
        while freeFirst >= 0, let request = waiting.popFirst() { enter(request.slot) }
        guard batchCount > 0 else { return }
        sendRest()
        receive()
    }

    private func enter(_ slot: UnsafeMutablePointer<RequestSlot>) {
        let index = Int(freeFirst)
        freeFirst = pendings[index].nextFree
        usedCount += 1
        var pending = NBDPending()
        pending.slot = slot
        pending.cookie = cookieNext << 8 | UInt64(index)
        cookieNext += 1
        let header = headers + index * NBDWire.requestBytes
        let (flags, payload) = command(slot, &pending)
        NBDWire.store(NBDWire.requestMagic, header, 0)
        NBDWire.store(flags, header, 4)
        NBDWire.store(pending.verb, header, 6)
        NBDWire.store(pending.cookie, header, 8)
        NBDWire.store(pending.offsetBytes, header, 16)
        NBDWire.store(pending.lengthBytes, header, 24)
        pendings[index] = pending
        batch[batchCount] = Int32(index)
        batchCount += 1
        vectors[vectorCount] = iovec(iov_base: header, iov_len: NBDWire.requestBytes)
        vectorCount += 1
        guard let payload else { return }
        vectors[vectorCount] = iovec(iov_base: payload, iov_len: Int(pending.lengthBytes))
        vectorCount += 1
    }

    private func command(
        _ slot: UnsafeMutablePointer<RequestSlot>,
        _ pending: inout NBDPending
    ) -> (flags: UInt16, payload: UnsafeMutableRawPointer?) {
        let value = slot.pointee.driverValue
        let operation = BlockOperation(rawValue: UInt8(truncatingIfNeeded: value >> 16))
        let flags = RequestFlags(rawValue: UInt16(truncatingIfNeeded: value))
        let isForced = flags.contains(.forceUnitAccess) && node.terms.forcesUnitAccess
        let force = isForced ? NBDVerb.forceUnitAccess : 0
        pending.verb = NBDVerb.flush
        if slot.pointee.progressBytes == Self.onlyFlush { return (0, nil) }
        let memory = slot.pointee.driverContext ?? slot.pointee.buffer
        let done = slot.pointee.progressBytes
        let left = slot.pointee.lengthBytes - done
        pending.offsetBytes = slot.pointee.offsetBytes + done
        func limit(_ most: UInt32) { pending.lengthBytes = UInt32(min(left, UInt64(most))) }
        switch operation {
        case .read:
            pending.verb = NBDVerb.read
            pending.target = memory
            limit(.max)
            return (0, nil)
        case .write:
            pending.verb = NBDVerb.write
            limit(.max)
            return (force, memory)
        case .discard:
            pending.verb = NBDVerb.trim
            limit(NBDServerTerms.rangeBytesMax)
            return (force, nil)
        case .writeZeroes where node.terms.writesZeroes:
            pending.verb = NBDVerb.writeZeroes
            limit(node.terms.zeroBytesMax)
            let keep = flags.contains(.mayUnmap) ? 0 : NBDVerb.noHole
            return (force | keep | (flags.contains(.fastOnly) ? NBDVerb.fastZero : 0), nil)
        case .writeZeroes:
            pending.verb = NBDVerb.write
            limit(min(UInt32(Self.zeroBytes), node.terms.transferBytesMax))
            return (force, zeroes)
        case .extents:
            pending.verb = NBDVerb.blockStatus
            limit(NBDServerTerms.rangeBytesMax)
            return (flags.contains(.oneExtent) ? NBDVerb.oneExtent : 0, nil)
        case .flush, nil:
            pending.offsetBytes = 0
            return (0, nil)
        }
    }

    private func sendRest() {
        message.pointee.msg_iov = vectors + vectorFirst
        message.pointee.msg_iovlen = vectorCount - vectorFirst
        isSending = true
        keepAlive()
        kernel.sendMessage(fd: fd, message: message, ticket: sendTicket)
    }

    /// Takes the outcome of a send, in the handshake too.
    func sent(_ result: Int32) {
        switch phase {
        case .shaking: return handshakeSent(result)
        case .failing: return settleWhenQuiet()
        case .ready: break
        default: return
        }
        guard result > 0 else { return fail(result) }
        var left = Int(result)
        while left > 0, vectorFirst < vectorCount {
            let length = vectors[vectorFirst].iov_len
            guard left < length else {
                left -= length
                vectorFirst += 1
                continue
            }
            vectors[vectorFirst].iov_base = vectors[vectorFirst].iov_base.map { $0 + left }
            vectors[vectorFirst].iov_len = length - left
            left = 0
        }
        guard vectorFirst == vectorCount else { return sendRest() }
        let count = batchCount
        batchCount = 0
        isParsing = true
        for place in 0..<count {
            let index = Int(batch[place])
            pendings[index].isSent = true
            if pendings[index].isReplied { completed(index) }
        }
        isParsing = false
        if phase == .ready, !waiting.isEmpty { schedulePump() }
    }

    /// A command was sent and answered: goes on with its request, or answers it.
    func completed(_ index: Int) {
        let pending = pendings[index]
        guard let slot = pending.slot else { return }
        // Whoever says so goes away in a moment: its commands are for the next connection.
        guard pending.errorNumber != ESHUTDOWN else { return fail(-ESHUTDOWN) }
        free(index)
        mayBeStale = usedCount == 0
        hasServed = true
        lossNanoseconds = nil
        slot.pointee.driverValue %= Self.oneTry
        if pending.errorNumber != 0 { return answer(slot, .failed(pending.errorNumber)) }
        let value = slot.pointee.driverValue
        let operation = BlockOperation(rawValue: UInt8(truncatingIfNeeded: value >> 16))
        let isRange = operation == .writeZeroes || operation == .discard
        if isRange, slot.pointee.progressBytes != Self.onlyFlush {
            slot.pointee.progressBytes += UInt64(pending.lengthBytes)
            if slot.pointee.progressBytes < slot.pointee.lengthBytes { return again(slot) }
        }
        let flags = RequestFlags(rawValue: UInt16(truncatingIfNeeded: value))
        let changes = isRange || operation == .write
        if changes, flags.contains(.forceUnitAccess), !node.terms.forcesUnitAccess,
            node.terms.flushes, slot.pointee.progressBytes != Self.onlyFlush
        {
            slot.pointee.progressBytes = Self.onlyFlush
            return again(slot)
        }
        answer(slot, .done)
    }

    private func again(_ slot: UnsafeMutablePointer<RequestSlot>) {
        waiting.append(BlockRequest(slot))
        schedulePump()
    }

    /// Frees a command's place.
    func free(_ index: Int) {
        pendings[index] = NBDPending()
        pendings[index].nextFree = freeFirst
        freeFirst = Int32(index)
        usedCount -= 1
    }

    /// Answers a request.
    func answer(_ slot: UnsafeMutablePointer<RequestSlot>, _ status: BlockStatus) {
        var status = status
        if let memory = slot.pointee.driverContext {
            let count = Int(clamping: slot.pointee.lengthBytes)
            if status == .done, slot.pointee.operation == .read,
                !PipePayload.put(memory, count: count, into: slot.pointee.pipe)
            {
                status = .failed(EIO)
            }
            memory.deallocate()
            slot.pointee.driverContext = nil
        }
        BlockRequest(slot).finish(status)
    }
}
