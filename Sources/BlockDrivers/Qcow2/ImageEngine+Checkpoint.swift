internal import BlockGraph
internal import Glibc

/// Brings tables to disk, in an order in which a crash at any moment does no harm.
///
/// ```
/// blocks of reference counts -> (barrier -> their table) -> barrier -> mapping tables
///     -> (barrier -> the table of these) -> barrier -> frees
/// ```
/// A barrier is a flush of the files. Guest data was written before the entry that leads to it was
/// changed in memory, so that the first barrier covers it, too. What is durable therefore never
/// leads to a cluster that is not counted or not written; a crash may leave clusters that are
/// counted and lead nowhere. References are dropped last, and their clusters are used again only
/// when no request that began before can still be at them.
extension ImageEngine {
    func takeCheckpointStep(_ op: Op) -> Outcome {
        switch op.pointee.step {
        case .flush: flush(op)
        case .flushData: flushData(op)
        case .flushed: flushed(op)
        case .settle: settle(op)
        case .settleHeader: settleHeader(op)
        case .settled: done(op)
        case .checkpoint: beginCheckpoint(op)
        case .blocks: writeBlocks(op)
        case .blockWritten: tableWritten(op, blocks, then: .blocks)
        case .refcountTable: writeRefcountTable(op)
        case .refcountTableWritten: refcountTableWritten(op)
        case .barrier: barrier(op, then: .barrierData)
        case .barrierData: barrierData(op)
        case .tables: writeTables(op)
        case .tableWritten: tableWritten(op, tables, then: .tables)
        case .mapping: writeMapping(op)
        case .mappingWritten: mappingWritten(op)
        case .checkpointFlush: barrier(op, then: .frees)
        case .frees: applyFrees(op)
        case .checkpointEnd: endCheckpoint(op)
        default: preconditionFailure("no step \(op.pointee.step)")
        }
    }

    /// Whether tables differ from what is on disk in a way that a flush must mend.
    var hasChanges: Bool {
        state.pointee.isCheckpointing || tables.dirtyCount > 0 || state.pointee.mappingDirty != nil
            || state.pointee.mustWriteHeader || state.pointee.refcountTableDirty != nil
            || !pendingFrees.isEmpty
            || (blocks.dirtyCount > 0 && !state.pointee.writesRefcountsLate)
    }

    // MARK: - Flushes

    private func flush(_ op: Op) -> Outcome {
        if state.pointee.isWritable, hasChanges, !state.pointee.isBroken {
            // A checkpoint that is under way has the baton: what it writes is durable only after it.
            guard acquireBaton(op) else { return .waiting }
            op.pointee.stepAfterCheckpoint = .flushed
            op.pointee.step = .checkpoint
            return .again
        }
        return ask(file, .flush, op, at: 0, nil, 0, then: .flushData)
    }

    private func flushData(_ op: Op) -> Outcome {
        guard op.pointee.status == .done else { return failed(op) }
        guard geometry.hasDataFile else { return done(op) }
        return ask(data, .flush, op, at: 0, nil, 0, then: .flushed)
    }

    private func flushed(_ op: Op) -> Outcome {
        op.pointee.status == .done ? done(op) : failed(op)
    }

    // MARK: - Settling

    /// Writes everything, also what may be late; nothing else is in flight.
    private func settle(_ op: Op) -> Outcome {
        guard state.pointee.isWritable, !state.pointee.isBroken else { return done(op) }
        guard acquireBaton(op) else { return .waiting }
        giveUpPackedRoom()
        let isClean = !hasChanges && blocks.dirtyCount == 0 && ripeningFrees.isEmpty
        op.pointee.pieceBytes += 1
        if isClean {
            op.pointee.step = .settleHeader
            return .again
        }
        // Twice is enough, unless the transaction gave up and requests go on: then the header does
        // not say that everything is written.
        guard op.pointee.pieceBytes <= 4 else { return fail(op, EBUSY) }
        op.pointee.stepAfterCheckpoint = .settle
        op.pointee.step = .checkpoint
        op.pointee.isSettling = true
        return .again
    }

    /// Says in the header that the reference counts are right.
    private func settleHeader(_ op: Op) -> Outcome {
        guard header.incompatible.contains(.dirty) else { return done(op) }
        header.incompatible.remove(.dirty)
        headerMemory.setBig(header.incompatible.rawValue, 72)
        state.pointee.mustSetDirty = state.pointee.writesRefcountsLate
        script = [
            .write(headerMemory, offset: 0, lengthBytes: UInt64(headerMemoryBytes)), .flush,
        ]
        return startScript(op, then: .settled)
    }

    // MARK: - Checkpoints

    private func beginCheckpoint(_ op: Op) -> Outcome {
        state.pointee.isCheckpointing = true
        if state.pointee.mustWriteHeader { return writeHeader(op) }
        op.pointee.cursor = 0
        op.pointee.status = .done
        op.pointee.step = .blocks
        return .again
    }

    private func writeBlocks(_ op: Op) -> Outcome {
        let isLate = state.pointee.writesRefcountsLate && !op.pointee.isSettling
        let mustWrite = !isLate || blocks.isCrowded || state.pointee.refcountTableDirty != nil
        if mustWrite, let place = blocks.nextDirty(from: op.pointee.cursor) {
            return writeTable(op, blocks, place, then: .blockWritten)
        }
        if state.pointee.refcountTableDirty != nil { return barrier(op, then: .refcountTable) }
        op.pointee.step = .barrier
        // Only the barrier flushes a data file, and who asked for this may have asked for that.
        if tables.dirtyCount == 0, state.pointee.mappingDirty == nil, !geometry.hasDataFile {
            op.pointee.step = .checkpointFlush
        }
        return .again
    }

    private func writeTable(
        _ op: Op,
        _ cache: TableCache,
        _ place: Int,
        then step: Operation.Step
    ) -> Outcome {
        cache.beginWrite(place)
        op.pointee.cursor = place
        let slot = cache.slots[place]
        return ask(
            file,
            .write,
            op,
            at: slot.hostOffset,
            slot.memory,
            geometry.clusterBytes,
            then: step
        )
    }

    private func tableWritten(
        _ op: Op,
        _ cache: TableCache,
        then step: Operation.Step
    ) -> Outcome {
        let place = op.pointee.cursor
        cache.endWrite(place, succeeded: op.pointee.status == .done)
        guard op.pointee.status == .done else { return failed(op) }
        let end = cache.slots[place].hostOffset + geometry.clusterBytes
        state.pointee.fileEnd = max(state.pointee.fileEnd, end)
        op.pointee.cursor = place + 1
        op.pointee.step = step
        return .again
    }

    private func writeRefcountTable(_ op: Op) -> Outcome {
        guard op.pointee.status == .done else { return failed(op) }
        guard let dirty = state.pointee.refcountTableDirty else { return broken(op) }
        let range = aligned(dirty, count: refcountTableCount)
        return writeEntries(
            op,
            refcountTable,
            range,
            at: header.refcountTableOffset,
            then: .refcountTableWritten
        )
    }

    private func refcountTableWritten(_ op: Op) -> Outcome {
        dropBounce(op)
        guard op.pointee.status == .done else { return failed(op) }
        state.pointee.refcountTableDirty = nil
        op.pointee.step = .barrier
        return .again
    }

    private func barrier(_ op: Op, then step: Operation.Step) -> Outcome {
        ask(file, .flush, op, at: 0, nil, 0, then: step)
    }

    private func barrierData(_ op: Op) -> Outcome {
        guard op.pointee.status == .done else { return failed(op) }
        op.pointee.cursor = 0
        guard geometry.hasDataFile else {
            op.pointee.step = .tables
            return .again
        }
        return ask(data, .flush, op, at: 0, nil, 0, then: .tables)
    }

    private func writeTables(_ op: Op) -> Outcome {
        guard op.pointee.status == .done else { return failed(op) }
        if let place = tables.nextDirty(from: op.pointee.cursor) {
            return writeTable(op, tables, place, then: .tableWritten)
        }
        op.pointee.step = .checkpointFlush
        guard state.pointee.mappingDirty != nil else { return .again }
        return barrier(op, then: .mapping)
    }

    private func writeMapping(_ op: Op) -> Outcome {
        guard op.pointee.status == .done else { return failed(op) }
        guard let dirty = state.pointee.mappingDirty else { return broken(op) }
        let range = aligned(dirty, count: mappingCount)
        return writeEntries(op, mapping, range, at: header.mappingOffset, then: .mappingWritten)
    }

    private func mappingWritten(_ op: Op) -> Outcome {
        dropBounce(op)
        guard op.pointee.status == .done else { return failed(op) }
        state.pointee.mappingDirty = nil
        op.pointee.step = .checkpointFlush
        return .again
    }

    /// Entries in whole units of the file's alignment; behind the last there is room in its cluster.
    private func aligned(_ range: Range<Int>, count: Int) -> Range<Int> {
        let unit = Int(max(alignmentBytes, 512)) / 8
        let end = (range.upperBound + unit - 1) / unit * unit
        let last = Int(geometry.roundUp(UInt64(count) * 8) / 8)
        return (range.lowerBound / unit * unit)..<min(end, last)
    }

    private func writeEntries(
        _ op: Op,
        _ entries: UnsafeMutablePointer<UInt64>,
        _ range: Range<Int>,
        at offset: UInt64,
        then step: Operation.Step
    ) -> Outcome {
        let count = entries == mapping ? mappingCount : refcountTableCount
        guard let bounce = makeBounce(op, range.count * 8) else { return fail(op, ENOMEM) }
        for (place, index) in range.enumerated() {
            bounce.setBig(index < count ? entries[index] : 0, place * 8)
        }
        let start = offset + UInt64(range.lowerBound) * 8
        noteTaken(((start + UInt64(range.count) * 8 - 1) >> UInt64(geometry.clusterBits)) + 1)
        state.pointee.fileEnd = max(state.pointee.fileEnd, start + UInt64(range.count) * 8)
        return ask(file, .write, op, at: start, bounce, UInt64(range.count) * 8, then: step)
    }

    private func endCheckpoint(_ op: Op) -> Outcome {
        state.pointee.isCheckpointing = false
        op.pointee.status = .done
        op.pointee.step = op.pointee.stepAfterCheckpoint
        return .again
    }
}
