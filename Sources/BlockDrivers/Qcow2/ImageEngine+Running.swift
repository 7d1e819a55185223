internal import BlockGraph
internal import Glibc

/// How operations begin, wait, go on and end.
extension ImageEngine {
    /// Takes a request.
    func submit(_ request: BlockRequest) -> BlockStatus {
        let slot = request.slot
        let kind = slot.pointee.operation
        switch kind {
        case .write, .writeZeroes, .discard:
            guard state.pointee.isWritable else { return .failed(EPERM) }
            if !state.pointee.knowsMetadata { markMetadata() }
        case .read, .flush, .extents: break
        }
        let op = take()
        op.pointee.request = slot
        op.pointee.parent = nil
        op.pointee.flags = slot.pointee.flags
        op.pointee.buffer = slot.pointee.buffer
        op.pointee.start = slot.pointee.offsetBytes
        op.pointee.position = slot.pointee.offsetBytes
        op.pointee.end = slot.pointee.offsetBytes &+ slot.pointee.lengthBytes
        op.pointee.extents = slot.pointee.extents
        guard let step = firstStep(kind, op) else {
            giveBack(op)
            return .failed(EINVAL)
        }
        op.pointee.step = step
        return begin(op)
    }

    private func firstStep(_ kind: BlockOperation, _ op: Op) -> Operation.Step? {
        switch kind {
        case .read: return op.pointee.buffer == nil ? nil : .read
        case .write:
            guard let buffer = op.pointee.buffer else { return nil }
            if state.pointee.detectsZeroes {
                let length = Int(op.pointee.end - op.pointee.position)
                if ZeroScan.isZero(buffer, count: length) {
                    if state.pointee.unmapsZeroes { op.pointee.flags.insert(.mayUnmap) }
                    return .zero
                }
            }
            return .write
        case .writeZeroes:
            if state.pointee.ignoresDiscards { op.pointee.flags.remove(.mayUnmap) }
            return .zero
        case .discard: return .discard
        case .flush: return .flush
        case .extents: return op.pointee.extents == nil ? nil : .extents
        }
    }

    /// Runs a new operation until it waits or ends.
    func begin(_ op: Op) -> BlockStatus {
        count(op)
        return run(op)
    }

    /// Begins a part of an operation, which goes on at a step when the part has ended.
    func begin(_ part: Op, of op: Op, then step: Operation.Step) -> Outcome {
        part.pointee.parent = op
        part.pointee.request = nil
        op.pointee.step = step
        let status = begin(part)
        guard !status.isParked else { return .waiting }
        op.pointee.status = status
        return .again
    }

    /// Goes on with an operation that waited, and answers those that end by it.
    func resume(_ first: Op) {
        var current = first
        while true {
            let parent = current.pointee.parent
            let request = current.pointee.request
            let status = run(current)
            guard !status.isParked else { break }
            guard let parent else {
                if let request { BlockRequest(request).finish(status) }
                break
            }
            parent.pointee.status = status
            current = parent
        }
        if !state.pointee.runnable.isEmpty { scheduleRunnable() }
    }

    /// Goes on with everything that need not wait any more.
    func pump() {
        if state.pointee.isPumping { return }
        state.pointee.isPumping = true
        while let op = state.pointee.runnable.popFirst() { resume(op) }
        state.pointee.isPumping = false
    }

    private func run(_ op: Op) -> BlockStatus {
        while true {
            switch takeStep(op) {
            case .again: continue
            case .waiting:
                return .parked
            case .finished:
                let status = op.pointee.status
                end(op)
                return status
            }
        }
    }

    private func takeStep(_ op: Op) -> Outcome {
        switch op.pointee.step {
        case .read: read(op)
        case .readDone: readDone(op)
        case .compressedDone: compressedDone(op)
        case .write: write(op)
        case .writeDone: writeDone(op)
        case .allocate: allocate(op)
        case .headRead: headRead(op)
        case .tailRead: tailRead(op)
        case .writeNew: writeNew(op)
        case .newWritten: newWritten(op)
        case .packedWritten: packedWritten(op)
        case .zero: zero(op)
        case .zeroPieceDone: zeroPieceDone(op)
        case .discard: discard(op)
        case .extents: extents(op)
        case .extentsDone: extentsDone(op)
        case .tableLoaded: tableLoaded(op)
        case .script: runScript(op)
        case .scriptDone: scriptDone(op)
        case .tableGrown: tableGrown(op)
        case .headerWritten: headerWritten(op)
        case .reserved: reserved(op)
        default: takeCheckpointStep(op)
        }
    }

    // MARK: - Ends

    /// Ends an operation with an error.
    func fail(_ op: Op, _ errorNumber: Int32) -> Outcome {
        op.pointee.status = .failed(errorNumber)
        return .finished
    }

    /// Ends an operation with the error that it has met.
    func failed(_ op: Op) -> Outcome { .finished }

    /// Ends an operation well.
    func done(_ op: Op) -> Outcome {
        op.pointee.status = .done
        return .finished
    }

    /// Ends an operation because the tables are not what they can be.
    func broken(_ op: Op) -> Outcome {
        if op.pointee.holdsBaton { state.pointee.isBroken = true }
        return fail(op, EIO)
    }

    private func end(_ op: Op) {
        if op.pointee.hasClaim {
            takeBack(op)
            dropClaim(op)
        }
        if op.pointee.tableRoom != 0 { giveBack(room: op.pointee.tableRoom) }
        releaseBaton(op)
        dropBounce(op)
        if op.pointee.generation == 0 {
            state.pointee.inFlight.0 -= 1
        } else {
            state.pointee.inFlight.1 -= 1
        }
        giveBack(op)
    }

    private func count(_ op: Op) {
        op.pointee.generation = state.pointee.generation
        op.pointee.holdsBaton = false
        op.pointee.hasClaim = false
        op.pointee.tableRoom = 0
        op.pointee.blockRoom = 0
        op.pointee.hasChanged = false
        op.pointee.isSettling = false
        if op.pointee.generation == 0 {
            state.pointee.inFlight.0 += 1
        } else {
            state.pointee.inFlight.1 += 1
        }
    }

    func giveBack(_ op: Op) {
        op.pointee.next = state.pointee.freeOperation
        state.pointee.freeOperation = op
    }

    /// Frees the memory of the piece at hand.
    func dropBounce(_ op: Op) {
        guard let bounce = op.pointee.bounce else { return }
        free(bounce)
        op.pointee.bounce = nil
    }

    /// Memory for the piece at hand, aligned for every device.
    func makeBounce(_ op: Op, _ lengthBytes: Int) -> UnsafeMutableRawPointer? {
        dropBounce(op)
        var memory: UnsafeMutableRawPointer?
        guard posix_memalign(&memory, 4096, max(lengthBytes, 512)) == 0 else { return nil }
        op.pointee.bounce = memory
        return memory
    }

    // MARK: - The baton

    /// Gets the right to change tables.
    ///
    /// - Returns: Whether the operation has it; else it waits, and then has it.
    func acquireBaton(_ op: Op) -> Bool {
        if op.pointee.holdsBaton { return true }
        guard state.pointee.baton == nil else {
            state.pointee.batonQueue.append(op)
            return false
        }
        state.pointee.baton = op
        op.pointee.holdsBaton = true
        return true
    }

    func releaseBaton(_ op: Op) {
        guard op.pointee.holdsBaton else { return }
        op.pointee.holdsBaton = false
        state.pointee.isCheckpointing = false
        let next = state.pointee.batonQueue.popFirst()
        state.pointee.baton = next
        guard let next else { return }
        next.pointee.holdsBaton = true
        state.pointee.runnable.append(next)
        scheduleRunnable()
    }

    // MARK: - Requests to children

    /// Asks a child; the answer is in the operation's status when the step comes.
    func ask(
        _ child: Edge,
        _ operation: BlockOperation,
        _ op: Op,
        at offset: UInt64,
        _ memory: UnsafeMutableRawPointer?,
        _ lengthBytes: UInt64,
        flags: RequestFlags = [],
        then step: Operation.Step
    ) -> Outcome {
        op.pointee.step = step
        op.pointee.slot.operation = operation
        op.pointee.slot.flags = flags
        op.pointee.slot.offsetBytes = offset
        op.pointee.slot.lengthBytes = lengthBytes
        op.pointee.slot.buffer = memory
        op.pointee.slot.isParked = true
        op.pointee.slot.events = events(of: op, before: step, isBacking: child === backing)
        let slot = UnsafeMutableRawPointer(op).assumingMemoryBound(to: RequestSlot.self)
        let status = child.submit(BlockRequest(slot))
        if status.isParked { return .waiting }
        op.pointee.slot.isParked = false
        op.pointee.status = status
        return .again
    }

    // MARK: - Tables

    /// Loads a table, and takes the step again when it is there.
    func load(_ cache: TableCache, _ key: Int, at offset: UInt64, _ op: Op) -> Outcome {
        if cache.place(of: key) >= 0 {
            // Somebody else is at it.
            state.pointee.tableWaiters.append(op)
            return .waiting
        }
        guard offset & geometry.clusterMask == 0, offset != 0, offset < state.pointee.fileEnd else {
            return broken(op)
        }
        guard let place = cache.claim(key, hostOffset: offset) else {
            return awaitTable(op)
        }
        op.pointee.stepAfterLoad = op.pointee.step
        op.pointee.loadPlace = place
        op.pointee.loadsBlock = cache === blocks
        let memory = cache.slots[place].memory
        let length = min(geometry.clusterBytes, state.pointee.fileEnd - offset)
        if length < geometry.clusterBytes, let memory {
            memset(memory + Int(length), 0, Int(geometry.clusterBytes - length))
        }
        return ask(file, .read, op, at: offset, memory, length, then: .tableLoaded)
    }

    /// Takes the step again when a table that somebody loads has come.
    func awaitTable(_ op: Op) -> Outcome {
        // Every slot is dirty, which the caches' bounds prevent, or on its way.
        guard tables.isLoading || blocks.isLoading else { return fail(op, ENOMEM) }
        state.pointee.tableWaiters.append(op)
        return .waiting
    }

    private func tableLoaded(_ op: Op) -> Outcome {
        let cache = op.pointee.loadsBlock ? blocks : tables
        if !state.pointee.tableWaiters.isEmpty {
            state.pointee.runnable.append(contentsOf: &state.pointee.tableWaiters)
            scheduleRunnable()
        }
        guard op.pointee.status == .done else {
            cache.discard(op.pointee.loadPlace)
            return failed(op)
        }
        cache.becomeReady(op.pointee.loadPlace)
        op.pointee.step = op.pointee.stepAfterLoad
        return .again
    }
}

extension ImageEngine {
    /// Writes everything that only memory knows, for the control plane.
    func settle(_ slot: UnsafeMutablePointer<RequestSlot>) -> BlockStatus {
        let op = take()
        op.pointee.request = slot
        op.pointee.parent = nil
        op.pointee.flags = []
        op.pointee.pieceBytes = 0
        op.pointee.step = .settle
        return begin(op)
    }
}
