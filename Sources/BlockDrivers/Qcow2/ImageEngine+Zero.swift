internal import BlockGraph
internal import Glibc

/// Zeroes and discards: changes of the tables where whole subclusters or clusters are meant.
extension ImageEngine {
    func zero(_ op: Op) -> Outcome {
        let position = op.pointee.position
        guard position < op.pointee.end else { return endDurably(op) }
        let found = lookUp(position, op.pointee.end)
        if let missing = found.missing {
            return load(tables, missing.key, at: missing.offset, op)
        }
        if found.content == .corrupt { return fail(op, EIO) }
        if readsZero(found) {
            op.pointee.position += found.lengthBytes
            return .again
        }
        let cluster = position & ~geometry.clusterMask
        let begin = position - cluster
        let (end, isDiskEnd) = clusterEnd(op, cluster)
        let unit = geometry.subclusterBytes
        let first = (begin + unit - 1) & ~(unit - 1)
        let last = isDiskEnd ? (end + unit - 1) & ~(unit - 1) : end & ~(unit - 1)
        guard first == begin, last > first, geometry.version >= 3, !geometry.isDataFileRaw else {
            let pieceEnd = first > begin ? min(first, end) : end
            let isPartial = geometry.version >= 3 && !geometry.isDataFileRaw
            return writeZeroPiece(op, pieceEnd - begin, isSlow: !isPartial)
        }
        guard acquireBaton(op) else { return .waiting }
        guard unclaimed(from: cluster, 1) == 1 else { return awaitClaim(op, then: .zero) }
        return zeroSubclusters(op, begin, end, last)
    }

    /// Whether a run reads as zeroes already.
    private func readsZero(_ found: Mapping) -> Bool {
        switch found.content {
        case .zero: true
        case .none: !state.pointee.hasBacking
        default: false
        }
    }

    /// Where a request ends within a cluster, and whether the disk ends there.
    private func clusterEnd(_ op: Op, _ cluster: UInt64) -> (end: UInt64, isDiskEnd: Bool) {
        let end = min(op.pointee.end - cluster, geometry.clusterBytes)
        return (end, cluster + end == sizeBytes)
    }

    /// Marks whole subclusters as zero; holds the baton.
    private func zeroSubclusters(
        _ op: Op,
        _ begin: UInt64,
        _ end: UInt64,
        _ last: UInt64
    ) -> Outcome {
        if let outcome = prepareChange(op) { return outcome }
        let key = Int(op.pointee.position / geometry.tableSpanBytes)
        if let outcome = ownTable(key, op) { return outcome }
        guard let table = tables.table(key) else { return fail(op, EIO) }
        let index = tableIndex(op.pointee.position)
        var entry = geometry.entry(table, index)
        let mask = subclusters(begin, last)
        let isOwn = !entry.isCompressed && (entry.isCopied || entry.host == 0)
        let isWhole = mask == geometry.allSubclusters
        if isWhole, !isOwn || (op.pointee.flags.contains(.mayUnmap) && !geometry.hasDataFile) {
            releaseClusters(of: entry)
            entry = ClusterEntry(word: 0, bits: geometry.allSubclusters << 32)
        } else if isOwn {
            entry.bits = (entry.bits & ~mask) | mask << 32
        } else {
            return writeZeroPiece(op, min(last, end) - begin, isSlow: false)
        }
        geometry.store(entry, table, index)
        tables.markDirty(tables.place(of: key))
        op.pointee.hasChanged = true
        op.pointee.position += min(last, end) - begin
        op.pointee.step = .zero
        return .again
    }

    /// Writes zeroes as data.
    private func writeZeroPiece(_ op: Op, _ lengthBytes: UInt64, isSlow: Bool) -> Outcome {
        if isSlow, op.pointee.flags.contains(.fastOnly) { return fail(op, EOPNOTSUPP) }
        guard let zeroMemory else { return fail(op, ENOMEM) }
        releaseBaton(op)
        let part = take()
        part.pointee.step = .write
        // In place nothing else would make it durable.
        part.pointee.flags = op.pointee.flags.intersection(.forceUnitAccess)
        part.pointee.buffer = zeroMemory
        part.pointee.start = op.pointee.position
        part.pointee.position = op.pointee.position
        part.pointee.end = op.pointee.position + lengthBytes
        op.pointee.pieceBytes = lengthBytes
        return begin(part, of: op, then: .zeroPieceDone)
    }

    func zeroPieceDone(_ op: Op) -> Outcome {
        guard op.pointee.status == .done else { return failed(op) }
        op.pointee.position += op.pointee.pieceBytes
        op.pointee.step = .zero
        return .again
    }

    /// Frees whole clusters; what is not whole stays as it is.
    func discard(_ op: Op) -> Outcome {
        let isUseless =
            state.pointee.ignoresDiscards || geometry.isDataFileRaw
            || (geometry.version < 3 && state.pointee.hasBacking)
        if isUseless { return done(op) }
        let mask = geometry.clusterMask
        while true {
            let position = (op.pointee.position + mask) & ~mask
            let end = op.pointee.end == sizeBytes ? op.pointee.end : op.pointee.end & ~mask
            guard position < end else { return endDurably(op) }
            op.pointee.position = position
            let found = lookUp(position, end)
            if let missing = found.missing {
                return load(tables, missing.key, at: missing.offset, op)
            }
            if found.content == .corrupt { return fail(op, EIO) }
            if found.content == .none, !geometry.hasSubclusters {
                op.pointee.position += found.lengthBytes
                continue
            }
            guard acquireBaton(op) else { return .waiting }
            guard unclaimed(from: position, 1) == 1 else { return awaitClaim(op, then: .discard) }
            if let outcome = discardCluster(op) { return outcome }
        }
    }

    /// Frees the cluster at hand; holds the baton.
    ///
    /// - Returns: What to do first, or nothing when it is done.
    private func discardCluster(_ op: Op) -> Outcome? {
        let key = Int(op.pointee.position / geometry.tableSpanBytes)
        if mapping[key] & Qcow2Geometry.offsetMask == 0 {
            op.pointee.position = (UInt64(key) + 1) * geometry.tableSpanBytes
            return nil
        }
        if let outcome = prepareChange(op) { return outcome }
        if let outcome = ownTable(key, op) { return outcome }
        guard let table = tables.table(key) else { return fail(op, EIO) }
        let index = tableIndex(op.pointee.position)
        let entry = geometry.entry(table, index)
        let holdsNothing = entry.host == 0 && !entry.isCompressed && !geometry.hasDataFile
        let isEmpty = entry.bits == 0 || entry.bits == geometry.allSubclusters << 32
        if !(holdsNothing && isEmpty) {
            releaseClusters(of: entry)
            op.pointee.hasChanged = true
            let zeroes = geometry.version >= 3 ? geometry.allSubclusters << 32 : 0
            geometry.store(ClusterEntry(word: 0, bits: zeroes), table, index)
            tables.markDirty(tables.place(of: key))
        }
        op.pointee.position += geometry.clusterBytes
        return nil
    }
}
