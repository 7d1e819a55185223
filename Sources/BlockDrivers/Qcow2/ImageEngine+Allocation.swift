internal import BlockGraph
internal import Glibc

/// Room in the file, and who owns it; all of it under the baton.
extension ImageEngine {
    /// Clusters that were found.
    struct Room {
        let host: UInt64
        let count: UInt64
        /// Whether nothing was ever written there.
        let isVirgin: Bool
    }

    /// What a search came to.
    enum Search {
        case found(Room)
        /// It has to wait, or there is none.
        case not(Outcome)
    }

    /// References that may wait for a checkpoint.
    private static let pendingRunsMax = 16384

    /// Makes the header and the caches ready for a change of the tables.
    ///
    /// - Returns: What to do first, or nothing.
    func prepareChange(_ op: Op) -> Outcome? {
        if state.pointee.isBroken { return fail(op, EIO) }
        if state.pointee.mustClearFeatures || state.pointee.mustSetDirty
            || state.pointee.mustWriteHeader
        {
            return writeHeader(op)
        }
        if tables.isCrowded || blocks.isCrowded || pendingFrees.runs.count > Self.pendingRunsMax {
            op.pointee.stepAfterCheckpoint = op.pointee.step
            op.pointee.step = .checkpoint
            return .again
        }
        return nil
    }

    /// Makes sure that a mapping table is there, in memory, and of this disk alone.
    ///
    /// - Returns: What to do first, or nothing.
    func ownTable(_ key: Int, _ op: Op) -> Outcome? {
        let entry = mapping[key]
        let offset = entry & Qcow2Geometry.offsetMask
        if offset != 0, tables.table(key) == nil { return load(tables, key, at: offset, op) }
        if offset != 0, entry & Qcow2Geometry.copiedFlag != 0 {
            let isSound = offset & geometry.clusterMask == 0 && offset < state.pointee.virginStart
            return isSound ? nil : broken(op)
        }
        if offset == 0, !tables.hasRoom { return awaitTable(op) }
        guard op.pointee.tableRoom != 0 else {
            switch findRoom(1, op) {
            case .found(let found):
                op.pointee.tableRoom = found.host >> UInt64(geometry.clusterBits)
                return reserve(found.host, op)
            case .not(let outcome): return outcome
            }
        }
        let cluster = op.pointee.tableRoom
        let host = cluster << UInt64(geometry.clusterBits)
        if offset == 0 {
            guard let place = tables.claim(key, hostOffset: host),
                let memory = tables.slots[place].memory
            else { return fail(op, ENOMEM) }
            memset(memory, 0, Int(geometry.clusterBytes))
            tables.becomeReady(place)
        } else {
            pendingFrees.append(offset >> UInt64(geometry.clusterBits))
        }
        op.pointee.tableRoom = 0
        let place = tables.place(of: key)
        tables.slots[place].hostOffset = host
        tables.markDirty(place)
        metadata.insert(cluster)
        mapping[key] = host | Qcow2Geometry.copiedFlag
        state.pointee.mappingDirty = joined(state.pointee.mappingDirty, key)
        return nil
    }

    func joined(_ range: Range<Int>?, _ place: Int) -> Range<Int> {
        guard let range else { return place..<(place + 1) }
        return min(range.lowerBound, place)..<max(range.upperBound, place + 1)
    }

    /// Finds free clusters that follow each other, at most as many as wanted, and takes them.
    func findRoom(_ wanted: UInt64, _ op: Op) -> Search {
        let bits = UInt64(geometry.clusterBits)
        while true {
            let hint = state.pointee.freeHint
            let key = hint >> UInt64(geometry.blockBits)
            guard (hint + wanted) << bits < 1 << 56, hint + wanted < ClusterBitmap.clusterMax else {
                return .not(fail(op, EFBIG))
            }
            guard key < UInt64(refcountTableCount) else { return .not(growRefcountTable(op)) }
            let offset = refcountTable[Int(key)] & Qcow2Geometry.offsetMask
            if offset == 0 {
                guard blocks.hasRoom else { return .not(awaitTable(op)) }
                guard op.pointee.blockRoom == hint else {
                    op.pointee.blockRoom = hint
                    return .not(reserve(hint << bits, op))
                }
                guard addBlock(Int(key), at: hint) else { return .not(broken(op)) }
                continue
            }
            guard let memory = blocks.table(Int(key)) else {
                return .not(load(blocks, Int(key), at: offset, op))
            }
            let block = RefcountBlock(memory: memory, order: geometry.refcountOrder)
            if let found = search(block, Int(key), wanted) {
                for cluster in found where metadata.contains(cluster) { return .not(broken(op)) }
                return .found(taken(found, block, Int(key)))
            }
        }
    }

    /// Makes sure that there is room in the file for a table that would come to lie at an offset.
    ///
    /// Tables are written long after they are made, when nothing can be refused any more; and until
    /// they are written, nothing that is given up becomes free.
    private func reserve(_ host: UInt64, _ op: Op) -> Outcome {
        op.pointee.stepAfterReserved = op.pointee.step
        noteTaken((host >> UInt64(geometry.clusterBits)) + 1)
        return ask(
            file,
            .writeZeroes,
            op,
            at: host,
            nil,
            geometry.clusterBytes,
            then: .reserved
        )
    }

    func reserved(_ op: Op) -> Outcome {
        // Who has no means for it may still have the room.
        guard op.pointee.status == .done || op.pointee.status == .failed(EOPNOTSUPP) else {
            return failed(op)
        }
        op.pointee.status = .done
        op.pointee.step = op.pointee.stepAfterReserved
        return .again
    }

    /// Looks from the hint to the end of a block, and moves the hint over what is not free.
    private func search(_ block: RefcountBlock, _ key: Int, _ wanted: UInt64) -> Range<UInt64>? {
        let base = UInt64(key) << UInt64(geometry.blockBits)
        let limit = base + geometry.blockCount
        var cluster = max(state.pointee.freeHint, base)
        while cluster < limit, block.count(Int(cluster - base)) != 0 { cluster += 1 }
        state.pointee.freeHint = cluster
        guard cluster < limit else { return nil }
        var end = cluster + 1
        while end < limit, end - cluster < wanted, block.count(Int(end - base)) == 0 { end += 1 }
        return cluster..<end
    }

    private func taken(_ clusters: Range<UInt64>, _ block: RefcountBlock, _ key: Int) -> Room {
        let base = UInt64(key) << UInt64(geometry.blockBits)
        for cluster in clusters { block.set(Int(cluster - base), to: 1) }
        blocks.markDirty(blocks.place(of: key))
        state.pointee.freeHint = clusters.upperBound
        let bits = UInt64(geometry.clusterBits)
        let isVirgin = clusters.lowerBound << bits >= state.pointee.virginStart
        noteTaken(clusters.upperBound)
        return Room(
            host: clusters.lowerBound << bits,
            count: UInt64(clusters.count),
            isVirgin: isVirgin
        )
    }

    /// Clusters up to one are not virgin any more.
    func noteTaken(_ upperBound: UInt64) {
        let end = upperBound << UInt64(geometry.clusterBits)
        state.pointee.virginStart = max(state.pointee.virginStart, end)
    }

    /// Gives a region of the file that has none its block of reference counts, within itself.
    private func addBlock(_ key: Int, at cluster: UInt64) -> Bool {
        guard !metadata.contains(cluster) else { return false }
        let host = cluster << UInt64(geometry.clusterBits)
        guard let place = blocks.claim(key, hostOffset: host),
            let memory = blocks.slots[place].memory
        else { return false }
        memset(memory, 0, Int(geometry.clusterBytes))
        blocks.becomeReady(place)
        let block = RefcountBlock(memory: memory, order: geometry.refcountOrder)
        block.set(Int(cluster & (geometry.blockCount - 1)), to: 1)
        blocks.markDirty(place)
        metadata.insert(cluster)
        refcountTable[key] = host
        state.pointee.refcountTableDirty = joined(state.pointee.refcountTableDirty, key)
        state.pointee.freeHint = cluster + 1
        noteTaken(cluster + 1)
        return true
    }

    /// Notes that an entry does not hold its clusters any more; they are free after the next
    /// checkpoint.
    func releaseClusters(of entry: ClusterEntry) {
        let bits = UInt64(geometry.clusterBits)
        if entry.isCompressed {
            let range = geometry.compressedRange(entry.word)
            pendingFrees.append(clusters(range.offset, range.lengthBytes))
            state.pointee.unpackedWord = 0
        } else if entry.host != 0, !geometry.hasDataFile {
            pendingFrees.append(entry.host >> bits)
        }
    }
}
