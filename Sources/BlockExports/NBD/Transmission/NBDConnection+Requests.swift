internal import BlockGraph
internal import Glibc
internal import GraphModel
internal import RingLoop

// From commands to the graph, and from its answers to replies.
extension NBDConnection {
    /// Serves one command, whose header is at the front of the input.
    ///
    /// - Returns: Why no further command can be taken, if so.
    @inline(__always)
    func serve(_ command: NBDCommand) -> Stop? {
        if command.type == .write { return serveWrite(command) }
        if command.type == .disconnect {
            end()
            return .ended
        }
        let error = isShutDown ? NBDError.shutDown : terms.refusal(of: command)
        if command.type == .blockStatus, error == nil { return serveStatus(command) }
        expectsBody = false
        input.take(NBDCommand.headerBytes)
        let transfer = take(command)
        if let error {
            answer(transfer, error: error)
        } else if command.type == .flush {
            submit(transfer, .flush)
        } else if command.lengthBytes == 0 || command.type == .cache {
            answer(transfer, error: nil)
        } else if command.type == .read {
            submitRead(transfer)
        } else {
            // What frees clusters must not find that somebody is still to read them.
            if lentCount > 0 { sendLent() }
            submit(transfer, command.type == .trim ? .discard : .writeZeroes)
        }
        return nil
    }

    @inline(__always)
    private func take(_ command: NBDCommand) -> UnsafeMutablePointer<NBDTransfer> {
        // The parser looked for a free one before it read the command.
        guard let request = requests.take() else { preconditionFailure("no request is free") }
        let transfer = transfers + Int(request.slot.pointee.ownerIndex)
        transfer.pointee.begin(command)
        return transfer
    }

    // MARK: - Reads

    @inline(__always)
    private func submitRead(_ transfer: UnsafeMutablePointer<NBDTransfer>) {
        let length = transfer.pointee.lengthBytes
        if length >= Self.pipeBytesMin, submitPipeRead(transfer) { return }
        takeBuffer(transfer, lengthBytes: Int(length))
        submit(transfer, .read)
    }

    private func submitPipeRead(_ transfer: UnsafeMutablePointer<NBDTransfer>) -> Bool {
        guard path._withUnsafeGuaranteedRef({ $0.movesPages }),
            NBDPipes.holds(
                offsetBytes: transfer.pointee.offsetBytes,
                lengthBytes: transfer.pointee.lengthBytes
            )
        else { return false }
        guard let pipe = pipes.take() ?? takePipeAfterFlush() else { return false }
        transfer.pointee.source = .pipe
        transfer.pointee.sourceIndex = pipe
        transfer.pointee.slot.pointee.pipe = pipes.writeEnd(pipe)
        submit(transfer, .read)
        return true
    }

    private func takePipeAfterFlush() -> Int32? {
        flush()
        return pipes.take()
    }

    // MARK: - Writes

    private func serveWrite(_ command: NBDCommand) -> Stop? {
        let length = Int(command.lengthBytes)
        let error = isShutDown ? NBDError.shutDown : terms.refusal(of: command)
        guard error == nil else { return serveRefusedWrite(command, error ?? .invalid) }
        let total = NBDCommand.headerBytes + length
        if input.availableBytes < total, length <= Self.chunkPayloadBytesMax {
            expectsBody = false
            wantedBytes = total
            return .needsInput
        }
        let transfer = take(command)
        guard length > 0 else {
            input.take(total)
            answer(transfer, error: nil)
            return nil
        }
        guard input.availableBytes >= total else {
            input.take(NBDCommand.headerBytes)
            beginBody(transfer)
            return nil
        }
        expectsBody = false
        transfer.pointee.buffer = input.bytes + NBDCommand.headerBytes
        transfer.pointee.source = .chunk
        transfer.pointee.sourceIndex = input.pin()
        input.take(total)
        submit(transfer, .write)
        return nil
    }

    private func serveRefusedWrite(_ command: NBDCommand, _ error: NBDError) -> Stop? {
        guard Int(command.lengthBytes) <= NBDTerms.discardedBytesMax else {
            end()
            return .ended
        }
        let transfer = take(command)
        input.take(NBDCommand.headerBytes)
        refused = transfer
        refusal = error
        refusedBytes = Int(command.lengthBytes)
        return nil
    }

    // MARK: - Block status

    private func serveStatus(_ command: NBDCommand) -> Stop? {
        guard let place = scratch.take() else { return .noRoom }
        let transfer = take(command)
        input.take(NBDCommand.headerBytes)
        transfer.pointee.source = .scratch
        transfer.pointee.sourceIndex = place.index
        transfer.pointee.slot.pointee.extents = place.extents
        submit(transfer, .extents)
        return nil
    }

    // MARK: - Submitting and answering

    @inline(__always)
    func takeBuffer(_ transfer: UnsafeMutablePointer<NBDTransfer>, lengthBytes: Int) {
        transfer.pointee.buffer = buffers.take(lengthBytes: lengthBytes)
        transfer.pointee.bufferBytes = lengthBytes
        transfer.pointee.source = .buffer
        memoryBytes += lengthBytes
    }

    @inline(__always)
    func submit(
        _ transfer: UnsafeMutablePointer<NBDTransfer>,
        _ operation: BlockOperation
    ) {
        let slot = transfer.pointee.slot
        slot.pointee.operation = operation
        slot.pointee.flags = Self.requestFlags(
            transfer.pointee.flags,
            operation,
            lends: takesLoans,
            isLayered: terms.hasDepth
        )
        slot.pointee.offsetBytes = transfer.pointee.offsetBytes
        slot.pointee.lengthBytes = UInt64(transfer.pointee.lengthBytes)
        slot.pointee.buffer = transfer.pointee.buffer
        slot.pointee.loan = nil
        slot.pointee.progressBytes = 0
        slot.pointee.startNanoseconds = loop.nowNanoseconds
        parkedCount += 1
        let request = BlockRequest(slot)
        let status = path._withUnsafeGuaranteedRef { $0.submit(request) }
        guard !status.isParked else { return }
        parkedCount -= 1
        take(status, of: transfer)
    }

    /// Whether a read may be lent its bytes: among others that go out with it.
    ///
    /// For one alone it costs more to ask what is cached than to copy it.
    @inline(__always)
    private var takesLoans: Bool {
        (input.availableBytes > 0 || replies.first != nil)
            && path._withUnsafeGuaranteedRef { $0.lendsPages }
    }

    /// The wire's flags as the graph's; bits are moved by hand because `OptionSet` is generic.
    @inline(__always)
    private static func requestFlags(
        _ flags: NBDCommandFlags,
        _ operation: BlockOperation,
        lends: Bool,
        isLayered: Bool
    ) -> RequestFlags {
        var bits: RequestFlags.RawValue = 0
        switch operation {
        case .read: if lends { bits = RequestFlags.mayLend.rawValue }
        case .flush: break
        case .write, .discard:
            if flags.has(.forceUnitAccess) { bits = RequestFlags.forceUnitAccess.rawValue }
        case .writeZeroes:
            if flags.has(.forceUnitAccess) { bits = RequestFlags.forceUnitAccess.rawValue }
            if !flags.has(.noHole) { bits |= RequestFlags.mayUnmap.rawValue }
            if flags.has(.fastZero) { bits |= RequestFlags.fastOnly.rawValue }
        case .extents:
            if flags.has(.oneExtent) { bits = RequestFlags.oneExtent.rawValue }
            if isLayered { bits |= RequestFlags.layered.rawValue }
        }
        return RequestFlags(rawValue: bits)
    }

    /// Takes the graph's answer to a parked request.
    func graphAnswered(_ slot: UnsafeMutablePointer<RequestSlot>) {
        parkedCount -= 1
        let transfer = transfers + Int(slot.pointee.ownerIndex)
        // Others are served before this is sent.
        if slot.pointee.loan != nil, slot.pointee.status == .done { copyLoan(transfer) }
        take(slot.pointee.status, of: transfer)
        wakeAtEndOfTurn()
    }

    @inline(__always)
    private func take(_ status: BlockStatus, of transfer: UnsafeMutablePointer<NBDTransfer>) {
        guard status.rawValue != 0 else { return answer(transfer, error: nil) }
        let isFast = transfer.pointee.flags.has(.fastZero)
        answer(transfer, error: NBDError(linux: status.errorNumber, fastOnly: isFast))
    }

    /// Counts a request as answered and queues its reply.
    func answer(_ transfer: UnsafeMutablePointer<NBDTransfer>, error: NBDError?) {
        if let operation = transfer.pointee.operation {
            counters.record(
                operation,
                bytes: error == nil ? UInt64(transfer.pointee.lengthBytes) : 0,
                failed: error != nil
            )
        }
        let header = UnsafeMutableRawPointer(transfer)
        let cookie = transfer.pointee.cookie
        if let error {
            releasePayload(transfer, isSent: false)
            writeErrorReply(transfer, error)
        } else if transfer.pointee.type == .read {
            writeReadReply(transfer, to: header)
        } else if transfer.pointee.type == .blockStatus {
            writeStatusReply(transfer, to: header)
        } else {
            // A write that succeeded has emptied its pipe.
            releasePayload(transfer, isSent: true)
            transfer.pointee.headerBytes = NBDReply.writeSimple(
                error: 0,
                cookie: cookie,
                to: header
            )
        }
        replies.append(transfer)
    }

    /// Writes the header that is the whole answer to what failed.
    func writeErrorReply(_ transfer: UnsafeMutablePointer<NBDTransfer>, _ error: NBDError) {
        let header = UnsafeMutableRawPointer(transfer)
        let cookie = transfer.pointee.cookie
        transfer.pointee.headerBytes =
            agreement.isStructured
            ? NBDReply.writeError(error, cookie: cookie, to: header)
            : NBDReply.writeSimple(error: error.rawValue, cookie: cookie, to: header)
    }

    @inline(__always)
    private func writeReadReply(
        _ transfer: UnsafeMutablePointer<NBDTransfer>,
        to header: UnsafeMutableRawPointer
    ) {
        let length = transfer.pointee.lengthBytes
        let cookie = transfer.pointee.cookie
        if !agreement.isStructured {
            transfer.pointee.headerBytes = NBDReply.writeSimple(
                error: 0,
                cookie: cookie,
                to: header
            )
        } else if length == 0 {
            transfer.pointee.headerBytes = NBDReply.writeNone(cookie: cookie, to: header)
        } else {
            transfer.pointee.headerBytes = NBDReply.writeData(
                cookie: cookie,
                offsetBytes: transfer.pointee.offsetBytes,
                lengthBytes: length,
                to: header
            )
        }
        transfer.pointee.payloadBytes = Int(length)
        if transfer.pointee.source == .pipe {
            transfer.pointee.pipe = pipes.readEnd(transfer.pointee.sourceIndex)
        } else if let loan = transfer.pointee.slot.pointee.loan {
            transfer.pointee.slot.pointee.loan = nil
            releasePayload(transfer, isSent: false)
            transfer.pointee.source = .lent
            transfer.pointee.loan = loan
            transfer.pointee.payload = loan.pages
            lentCount &+= 1
        } else {
            transfer.pointee.payload = transfer.pointee.buffer
        }
    }

    /// One chunk for each context that was agreed; what follows the first header is the payload.
    private func writeStatusReply(
        _ transfer: UnsafeMutablePointer<NBDTransfer>,
        to header: UnsafeMutableRawPointer
    ) {
        let descriptorBytes = NBDExtentScratch.descriptorBytes
        let room = 2 * ExtentList.capacity * descriptorBytes + NBDReply.statusHeaderBytes
        let payload = buffers.take(lengthBytes: room)
        let hasBoth = terms.hasAllocation && terms.hasDepth
        let context = terms.hasAllocation ? NBDContext.allocation : .depth
        let count = describe(transfer, as: context, to: payload)
        var end = payload + count * descriptorBytes
        if hasBoth {
            let depthCount = describe(transfer, as: .depth, to: end + NBDReply.statusHeaderBytes)
            end += NBDReply.writeStatus(
                .depth,
                cookie: transfer.pointee.cookie,
                descriptorCount: depthCount,
                isLast: true,
                to: end
            )
            end += depthCount * descriptorBytes
        }
        releasePayload(transfer, isSent: false)
        transfer.pointee.buffer = payload
        transfer.pointee.bufferBytes = room
        transfer.pointee.source = .buffer
        memoryBytes += room
        transfer.pointee.headerBytes = NBDReply.writeStatus(
            context,
            cookie: transfer.pointee.cookie,
            descriptorCount: count,
            isLast: !hasBoth,
            to: header
        )
        transfer.pointee.payload = payload
        transfer.pointee.payloadBytes = end - payload
    }

    /// Writes the descriptors of a context.
    ///
    /// - Returns: How many; at least one.
    private func describe(
        _ transfer: UnsafeMutablePointer<NBDTransfer>,
        as context: NBDContext,
        to place: UnsafeMutableRawPointer
    ) -> Int {
        let length = transfer.pointee.lengthBytes
        var count = 0
        if let extents = transfer.pointee.slot.pointee.extents {
            count = NBDExtentScratch.encode(
                extents.pointee,
                as: context,
                lengthBytes: length,
                onlyFirst: transfer.pointee.flags.has(.oneExtent),
                to: place
            )
        }
        guard count == 0 else { return count }
        // Nothing is known: data, in the first layer, is always a true answer.
        let data = ExtentList.Extent(lengthBytes: 0, isHole: false, readsZero: false)
        place.storeBytes(of: length.bigEndian, as: UInt32.self)
        place.storeBytes(of: context.value(of: data).bigEndian, toByteOffset: 4, as: UInt32.self)
        return 1
    }
}
