internal import BlockGraph
internal import Glibc

/// Clusters that are stored compressed, when whoever writes asks for it.
extension ImageEngine {
    /// Whether the piece at hand can be packed: a whole cluster, or the disk's last.
    func isPackable(_ op: Op, _ begin: UInt64, _ end: UInt64) -> Bool {
        guard op.pointee.flags.contains(.compressed), begin == 0, !geometry.hasDataFile else {
            return false
        }
        return end == geometry.clusterBytes || op.pointee.position + end == sizeBytes
    }

    /// Packs a cluster and finds room for what it came to; holds the baton.
    ///
    /// - Returns: What to do, or nothing when it does not get shorter.
    func pack(_ op: Op, _ lengthBytes: UInt64) -> Outcome? {
        let clusterBytes = Int(geometry.clusterBytes)
        // Room first: a search may have to wait, and packing is dear.
        if packedRoom < packedUnit {
            switch findRoom(1, op) {
            case .found(let room):
                packedOffset = room.host
                packedCluster = room.host >> UInt64(geometry.clusterBits)
            case .not(let outcome): return outcome
            }
        }
        guard let memory = op.pointee.memory, let bounce = makeBounce(op, clusterBytes * 2) else {
            return fail(op, ENOMEM)
        }
        let source = bounce + clusterBytes
        memcpy(source, memory, Int(lengthBytes))
        memset(source + Int(lengthBytes), 0, clusterBytes - Int(lengthBytes))
        guard
            let packed = Compression.pack(
                source,
                clusterBytes,
                into: bounce,
                clusterBytes - 1,
                type: header.compressionType
            )
        else {
            dropBounce(op)
            return nil
        }
        let unit = packedUnit
        let stored = (UInt64(packed) + unit - 1) / unit * unit
        if stored > packedRoom {
            // What is left of the cluster is too little: the next one is found when it is looked for.
            giveUpPackedRoom()
            dropBounce(op)
            return stored > geometry.clusterBytes ? nil : .again
        }
        memset(bounce + packed, 0, Int(stored) - packed)
        guard
            let word = geometry.compressedEntry(offset: packedOffset, lengthBytes: UInt64(packed)),
            addPackedReference()
        else {
            dropBounce(op)
            return nil
        }
        op.pointee.word = word
        op.pointee.host = packedOffset
        op.pointee.pieceBytes = lengthBytes
        packedOffset += stored
        return ask(file, .write, op, at: op.pointee.host, bounce, stored, then: .packedWritten)
    }

    /// Enters a packed cluster into the tables; holds the baton.
    func packedWritten(_ op: Op) -> Outcome {
        let key = Int(op.pointee.position / geometry.tableSpanBytes)
        dropBounce(op)
        guard op.pointee.status == .done else {
            giveBack(room: op.pointee.host >> UInt64(geometry.clusterBits))
            return failed(op)
        }
        guard let table = tables.table(key) else {
            // It was clean, and made room for another while the data was written.
            return load(tables, key, at: mapping[key] & Qcow2Geometry.offsetMask, op)
        }
        state.pointee.fileEnd = max(state.pointee.fileEnd, packedOffset)
        let index = tableIndex(op.pointee.position)
        releaseClusters(of: geometry.entry(table, index))
        geometry.store(ClusterEntry(word: op.pointee.word, bits: 0), table, index)
        tables.markDirty(tables.place(of: key))
        op.pointee.hasChanged = true
        op.pointee.position += op.pointee.pieceBytes
        op.pointee.step = .write
        return .again
    }

    /// Packed data begins at multiples of it.
    private var packedUnit: UInt64 { max(alignmentBytes, 1) }

    /// Bytes left in the cluster that takes packed data.
    private var packedRoom: UInt64 {
        guard packedCluster != 0 else { return 0 }
        return (packedCluster + 1) << UInt64(geometry.clusterBits) - packedOffset
    }

    /// Counts one more user of the cluster; the first was counted when it was found.
    private func addPackedReference() -> Bool {
        if packedOffset & geometry.clusterMask == 0 { return true }
        let key = Int(packedCluster >> UInt64(geometry.blockBits))
        guard let memory = blocks.table(key) else { return loseRoom() }
        let block = RefcountBlock(memory: memory, order: geometry.refcountOrder)
        let index = Int(packedCluster & (geometry.blockCount - 1))
        let count = block.count(index)
        // A cluster whose users have all gone may be free, and somebody else's, by now.
        guard count > 0, count < geometry.refcountMax else { return loseRoom() }
        block.set(index, to: count + 1)
        blocks.markDirty(blocks.place(of: key))
        return true
    }

    private func loseRoom() -> Bool {
        giveUpPackedRoom()
        return false
    }

    /// Begins no more in the cluster at hand; one that nobody uses yet is given back.
    func giveUpPackedRoom() {
        if packedCluster != 0, packedOffset & geometry.clusterMask == 0,
            packedOffset >> UInt64(geometry.clusterBits) == packedCluster
        {
            pendingFrees.append(packedCluster)
        }
        packedCluster = 0
    }
}
