internal import BlockGraph
internal import Glibc

/// Writes: in place where that may be, else into new clusters.
extension ImageEngine {
    func write(_ op: Op) -> Outcome {
        if state.pointee.mustClearFeatures {
            guard acquireBaton(op) else { return .waiting }
            return writeHeader(op)
        }
        let position = op.pointee.position
        guard position < op.pointee.end else { return endDurably(op) }
        let found = lookUp(position, op.pointee.end)
        if let missing = found.missing {
            return load(tables, missing.key, at: missing.offset, op)
        }
        if found.content == .corrupt { return fail(op, EIO) }
        guard found.content == .data, found.isCopied else {
            guard acquireBaton(op) else { return .waiting }
            op.pointee.step = .allocate
            return .again
        }
        guard geometry.hasDataFile || !hitsMetadata(found.host, found.lengthBytes) else {
            return broken(op)
        }
        releaseBaton(op)
        op.pointee.host = found.host
        op.pointee.pieceBytes = found.lengthBytes
        return ask(
            data,
            .write,
            op,
            at: found.host,
            op.pointee.memory,
            found.lengthBytes,
            flags: op.pointee.flags.intersection(.forceUnitAccess),
            then: .writeDone
        )
    }

    func writeDone(_ op: Op) -> Outcome {
        guard op.pointee.status == .done else { return failed(op) }
        noteWritten(op.pointee.host, op.pointee.pieceBytes)
        op.pointee.position += op.pointee.pieceBytes
        op.pointee.step = .write
        return .again
    }

    /// Ends a write; one that must be durable makes the tables so, too.
    func endDurably(_ op: Op) -> Outcome {
        guard op.pointee.flags.contains(.forceUnitAccess), op.pointee.hasChanged || hasChanges
        else {
            return done(op)
        }
        op.pointee.step = .flush
        return .again
    }

    /// Whether guest data would land on a table, or where no data of a guest was ever put.
    @inline(__always)
    private func hitsMetadata(_ host: UInt64, _ lengthBytes: UInt64) -> Bool {
        let bits = UInt64(geometry.clusterBits)
        guard host &+ lengthBytes <= max(state.pointee.virginStart, 1) else { return true }
        var cluster = host >> bits
        let last = (host &+ lengthBytes &- 1) >> bits
        while cluster <= last {
            if metadata.contains(cluster) { return true }
            cluster += 1
        }
        return false
    }

    /// The file is at least so long now.
    func noteWritten(_ host: UInt64, _ lengthBytes: UInt64) {
        if geometry.hasDataFile {
            state.pointee.dataEnd = max(state.pointee.dataEnd, host + lengthBytes)
        } else {
            state.pointee.fileEnd = max(state.pointee.fileEnd, host + lengthBytes)
        }
    }

    // MARK: - New clusters

    /// Finds room for the piece at hand; holds the baton.
    func allocate(_ op: Op) -> Outcome {
        if let outcome = prepareChange(op) { return outcome }
        let position = op.pointee.position
        let key = Int(position / geometry.tableSpanBytes)
        guard key < mappingCount else { return fail(op, EIO) }
        if let outcome = ownTable(key, op) { return outcome }
        guard let table = tables.table(key) else { return fail(op, EIO) }
        let index = tableIndex(position)
        let entry = geometry.entry(table, index)
        let cluster = position & ~geometry.clusterMask
        let begin = position - cluster
        let end = min(op.pointee.end - cluster, geometry.clusterBytes)
        guard unclaimed(from: cluster, 1) == 1 else { return awaitClaim(op, then: .write) }
        if !entry.isCompressed, entry.isCopied, entry.host != 0 || geometry.hasDataFile {
            return reuse(op, entry, begin, end)
        }
        if isPackable(op, begin, end), let outcome = pack(op, end) { return outcome }
        var count: UInt64 = 1
        if begin == 0, end == geometry.clusterBytes {
            count = unclaimed(
                from: cluster,
                newClusters(table, index, op.pointee.end - cluster)
            )
        }
        if geometry.hasDataFile {
            op.pointee.host = cluster
            op.pointee.writesInPlace = false
            return planNew(op, entry, begin, end, isVirgin: cluster >= state.pointee.dataEnd, count)
        }
        let room: Room
        switch findRoom(count, op) {
        case .found(let found): room = found
        case .not(let outcome): return outcome
        }
        op.pointee.host = room.host
        op.pointee.writesInPlace = false
        return planNew(op, entry, begin, end, isVirgin: room.isVirgin, room.count)
    }

    /// Whether the subclusters of a cluster can be filled where it is; holds the baton.
    private func reuse(_ op: Op, _ entry: ClusterEntry, _ begin: UInt64, _ end: UInt64) -> Outcome {
        let cluster = op.pointee.position - begin
        let host = entry.host
        guard geometry.hasDataFile ? host == cluster : host & geometry.clusterMask == 0,
            geometry.hasDataFile || !hitsMetadata(host, geometry.clusterBytes)
        else { return broken(op) }
        let bits = UInt64(geometry.subclusterBits)
        if entry.allocated & ~entry.zeroes == geometry.allSubclusters {
            // Another write was here first.
            op.pointee.step = .write
            return .again
        }
        var fillStart = begin & ~(geometry.subclusterBytes - 1)
        var fillEnd = (end + geometry.subclusterBytes - 1) & ~(geometry.subclusterBytes - 1)
        if entry.content(Int(begin >> bits)) == .data { fillStart = begin }
        if entry.content(Int((end - 1) >> bits)) == .data { fillEnd = end }
        op.pointee.host = host
        op.pointee.writesInPlace = true
        op.pointee.fillsCluster = false
        op.pointee.pieceBytes = end - begin
        op.pointee.fillStart = cluster + fillStart
        op.pointee.fillEnd = cluster + fillEnd
        return beginFilling(op, begin, end)
    }

    /// Says what of new clusters must be filled besides what is written.
    private func planNew(
        _ op: Op,
        _ entry: ClusterEntry,
        _ begin: UInt64,
        _ end: UInt64,
        isVirgin: Bool,
        _ count: UInt64
    ) -> Outcome {
        let cluster = op.pointee.position - begin
        if begin == 0, end == geometry.clusterBytes {
            op.pointee.pieceBytes = count << UInt64(geometry.clusterBits)
            op.pointee.fillStart = cluster
            op.pointee.fillEnd = cluster + op.pointee.pieceBytes
            op.pointee.fillsCluster = true
            return beginFilling(op, begin, end)
        }
        op.pointee.pieceBytes = end - begin
        op.pointee.fillsCluster = entry.isCompressed || entry.allocated != 0
        let unit = op.pointee.fillsCluster ? geometry.clusterBytes : geometry.subclusterBytes
        op.pointee.fillStart = cluster + (begin & ~(unit - 1))
        op.pointee.fillEnd = cluster + ((end + unit - 1) & ~(unit - 1))
        if isVirgin, !op.pointee.fillsCluster, readsZero(op.pointee.fillStart, op.pointee.fillEnd) {
            // What was never written is zero already.
            op.pointee.fillStart = op.pointee.position
            op.pointee.fillEnd = op.pointee.position + op.pointee.pieceBytes
        }
        return beginFilling(op, begin, end)
    }

    private func beginFilling(_ op: Op, _ begin: UInt64, _ end: UInt64) -> Outcome {
        claim(op)
        let position = op.pointee.position
        let pieceEnd = position + op.pointee.pieceBytes
        guard op.pointee.fillStart < position || op.pointee.fillEnd > pieceEnd else {
            op.pointee.step = .writeNew
            return .again
        }
        let length = Int(op.pointee.fillEnd - op.pointee.fillStart)
        guard makeBounce(op, length) != nil else { return fail(op, ENOMEM) }
        op.pointee.step = .headRead
        op.pointee.status = .done
        return .again
    }

    /// Whether a range within one cluster that is not allocated reads as zeroes.
    private func readsZero(_ begin: UInt64, _ end: UInt64) -> Bool {
        if !state.pointee.hasBacking || begin >= state.pointee.backingBytes { return true }
        var position = begin
        while position < end {
            let found = lookUp(position, end)
            guard found.missing == nil, found.content == .zero else { return false }
            position += found.lengthBytes
        }
        return true
    }

    /// Clusters from one on that are written whole and need a new place.
    private func newClusters(
        _ table: UnsafeMutableRawPointer,
        _ index: Int,
        _ lengthBytes: UInt64
    ) -> UInt64 {
        let wanted = min(
            lengthBytes >> UInt64(geometry.clusterBits),
            geometry.tableCount - UInt64(index)
        )
        var count: UInt64 = 1
        while count < wanted {
            let entry = geometry.entry(table, index + Int(count))
            let isReusable = !entry.isCompressed && entry.isCopied && entry.host != 0
            if isReusable { break }
            count += 1
        }
        return count
    }

    // MARK: - Filling

    func headRead(_ op: Op) -> Outcome {
        let length = op.pointee.position - op.pointee.fillStart
        guard length > 0, let bounce = op.pointee.bounce else {
            op.pointee.step = .tailRead
            return .again
        }
        return fill(op, op.pointee.fillStart, length, bounce, then: .tailRead)
    }

    func tailRead(_ op: Op) -> Outcome {
        guard op.pointee.status == .done, let bounce = op.pointee.bounce else { return failed(op) }
        let from = op.pointee.position + op.pointee.pieceBytes
        guard op.pointee.fillEnd > from else {
            op.pointee.step = .writeNew
            return .again
        }
        let place = bounce + Int(from - op.pointee.fillStart)
        return fill(op, from, op.pointee.fillEnd - from, place, then: .writeNew)
    }

    /// Reads guest bytes as they are now.
    private func fill(
        _ op: Op,
        _ position: UInt64,
        _ lengthBytes: UInt64,
        _ memory: UnsafeMutableRawPointer,
        then step: Operation.Step
    ) -> Outcome {
        let part = take()
        part.pointee.step = .read
        part.pointee.flags = []
        part.pointee.buffer = memory
        part.pointee.start = position
        part.pointee.position = position
        part.pointee.end = position + lengthBytes
        return begin(part, of: op, then: step)
    }

    func writeNew(_ op: Op) -> Outcome {
        guard let memory = op.pointee.memory else { return fail(op, EINVAL) }
        let cluster = op.pointee.fillStart & ~geometry.clusterMask
        guard let bounce = op.pointee.bounce else {
            let host = op.pointee.host + (op.pointee.position - cluster)
            let length = op.pointee.pieceBytes
            return ask(data, .write, op, at: host, memory, length, then: .newWritten)
        }
        guard op.pointee.status == .done else { return failed(op) }
        memcpy(
            bounce + Int(op.pointee.position - op.pointee.fillStart),
            memory,
            Int(op.pointee.pieceBytes)
        )
        let host = op.pointee.host + (op.pointee.fillStart - cluster)
        let length = op.pointee.fillEnd - op.pointee.fillStart
        return ask(data, .write, op, at: host, bounce, length, then: .newWritten)
    }

    /// Enters what was written into the tables.
    func newWritten(_ op: Op) -> Outcome {
        let key = Int(op.pointee.position / geometry.tableSpanBytes)
        guard op.pointee.status == .done else { return failed(op) }
        guard acquireBaton(op) else { return .waiting }
        dropBounce(op)
        if let outcome = prepareChange(op) { return outcome }
        guard let table = tables.table(key) else {
            // It was clean, and made room for another while the data was written.
            return load(tables, key, at: mapping[key] & Qcow2Geometry.offsetMask, op)
        }
        let cluster = op.pointee.position & ~geometry.clusterMask
        let begin = op.pointee.position - cluster
        noteWritten(
            op.pointee.host + (op.pointee.fillStart - cluster),
            op.pointee.fillEnd - op.pointee.fillStart
        )
        let count = max(op.pointee.pieceBytes >> UInt64(geometry.clusterBits), 1)
        let first = tableIndex(cluster)
        for place in 0..<Int(count) {
            let host = op.pointee.host + UInt64(place) << UInt64(geometry.clusterBits)
            var entry = geometry.entry(table, first + place)
            if !op.pointee.writesInPlace { releaseClusters(of: entry) }
            let filled =
                op.pointee.fillsCluster
                ? geometry.allSubclusters
                : subclusters(begin, begin + op.pointee.pieceBytes)
            let kept = op.pointee.fillsCluster || entry.isCompressed ? 0 : entry.bits
            entry.word = host | Qcow2Geometry.copiedFlag
            entry.bits = (kept & ~(filled << 32)) | filled
            geometry.store(entry, table, first + place)
        }
        tables.markDirty(tables.place(of: key))
        dropClaim(op)
        op.pointee.hasChanged = true
        op.pointee.position += op.pointee.pieceBytes
        op.pointee.step = .write
        return .again
    }

    /// Subclusters that a range within a cluster touches.
    func subclusters(_ begin: UInt64, _ end: UInt64) -> UInt64 {
        guard geometry.hasSubclusters else { return 1 }
        let bits = UInt64(geometry.subclusterBits)
        let first = begin >> bits
        let last = (end - 1) >> bits
        return ((1 << (last - first + 1)) - 1) << first
    }

    /// Gives back room that was found and is not used.
    func takeBack(_ op: Op) {
        guard !op.pointee.writesInPlace, !geometry.hasDataFile else { return }
        let count = max(op.pointee.pieceBytes >> UInt64(geometry.clusterBits), 1)
        let first = op.pointee.host >> UInt64(geometry.clusterBits)
        giveBack(room: first..<(first + count))
    }

    func tableIndex(_ position: UInt64) -> Int {
        Int((position >> UInt64(geometry.clusterBits)) & (geometry.tableCount - 1))
    }
}
