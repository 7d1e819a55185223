internal import BlockGraph
internal import Glibc

/// References that are dropped, and clusters that become free by it.
extension ImageEngine {
    /// Gives back clusters that were taken and that no table ever led to: they are free at once, and
    /// are the next to be taken, so that a full disk stays as it is however often it is tried.
    func giveBack(room clusters: Range<UInt64>) {
        for cluster in clusters { giveBack(room: cluster) }
    }

    /// Gives back one reference to a cluster.
    func giveBack(room cluster: UInt64) {
        let key = Int(cluster >> UInt64(geometry.blockBits))
        guard key < refcountTableCount, let memory = blocks.table(key) else {
            // Its block made room for another one.
            return pendingFrees.append(cluster)
        }
        let block = RefcountBlock(memory: memory, order: geometry.refcountOrder)
        let index = Int(cluster & (geometry.blockCount - 1))
        let count = block.count(index)
        guard count > 0 else { return }
        block.set(index, to: count - 1)
        blocks.markDirty(blocks.place(of: key))
        guard count == 1 else { return }
        if cluster == packedCluster { packedCluster = 0 }
        state.pointee.freeHint = min(state.pointee.freeHint, cluster)
    }

    /// Drops references whose entries are gone from disk; holds the baton.
    func applyFrees(_ op: Op) -> Outcome {
        guard op.pointee.status == .done else { return failed(op) }
        while true {
            if ripeningFrees.isEmpty {
                guard !pendingFrees.isEmpty else { break }
                ripen(op)
            }
            guard isRipe else { break }
            while let cluster = ripeningFrees.last {
                let key = Int(cluster >> UInt64(geometry.blockBits))
                let offset =
                    key < refcountTableCount ? refcountTable[key] & Qcow2Geometry.offsetMask : 0
                guard offset != 0 else { return broken(op) }
                guard let memory = blocks.table(key) else {
                    if blocks.isCrowded {
                        // Make room first; the frees are gone on with afterwards.
                        op.pointee.step = .checkpoint
                        return .again
                    }
                    return load(blocks, key, at: offset, op)
                }
                guard drop(cluster, RefcountBlock(memory: memory, order: geometry.refcountOrder))
                else { return broken(op) }
                blocks.markDirty(blocks.place(of: key))
                _ = ripeningFrees.popLast()
            }
        }
        return discardFree(op)
    }

    private func drop(_ cluster: UInt64, _ block: RefcountBlock) -> Bool {
        let index = Int(cluster & (geometry.blockCount - 1))
        let count = block.count(index)
        guard count > 0 else { return false }
        block.set(index, to: count - 1)
        if count == 1 {
            if cluster == packedCluster { packedCluster = 0 }
            metadata.remove(cluster)
            state.pointee.freeHint = min(state.pointee.freeHint, cluster)
            if !state.pointee.ignoresDiscards { discardable.append(cluster) }
        }
        return true
    }

    /// Lets what is pending ripen: operations that are in flight now may still be at it.
    private func ripen(_ op: Op) {
        swap(&ripeningFrees, &pendingFrees)
        if op.pointee.generation == 0 {
            state.pointee.inFlight.0 -= 1
        } else {
            state.pointee.inFlight.1 -= 1
        }
        state.pointee.generation ^= 1
        op.pointee.generation = state.pointee.generation
        if op.pointee.generation == 0 {
            state.pointee.inFlight.0 += 1
        } else {
            state.pointee.inFlight.1 += 1
        }
    }

    /// Whether no operation is in flight that began before the last ripening.
    private var isRipe: Bool {
        (state.pointee.generation == 0 ? state.pointee.inFlight.1 : state.pointee.inFlight.0) == 0
    }

    /// Gives free clusters back to the file, as advice.
    private func discardFree(_ op: Op) -> Outcome {
        op.pointee.step = .checkpointEnd
        guard !discardable.isEmpty else { return .again }
        let bits = UInt64(geometry.clusterBits)
        let runs = discardable.runs.sorted { $0.lowerBound < $1.lowerBound }
        discardable = ClusterRuns()
        var joined = ClusterRuns()
        for run in runs { joined.append(run) }
        script = joined.runs.map {
            .discard(offset: $0.lowerBound << bits, lengthBytes: UInt64($0.count) << bits)
        }
        return startScript(op, then: .checkpointEnd)
    }
}
