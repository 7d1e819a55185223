internal import BlockGraph
internal import Glibc

/// One of several requests to the file that are made one after the other.
enum ScriptItem {
    case write(UnsafeMutableRawPointer, offset: UInt64, lengthBytes: UInt64)
    case flush
    /// Advice: its failure does not matter.
    case discard(offset: UInt64, lengthBytes: UInt64)
}

/// A reference count table that takes the place of one that is too short.
struct GrownTable {
    let memory: UnsafeMutableRawPointer
    let clusters: Range<UInt64>
    /// Blocks come first, then the table.
    let blockCount: UInt64
    let firstKey: Int
    let tableClusters: UInt64
}

/// Rare changes that are a fixed list of writes and flushes; all of them under the baton.
extension ImageEngine {
    func startScript(_ op: Op, then step: Operation.Step) -> Outcome {
        op.pointee.stepAfterScript = step
        op.pointee.cursor = 0
        op.pointee.step = .script
        return .again
    }

    func runScript(_ op: Op) -> Outcome {
        guard op.pointee.cursor < script.count else {
            script = []
            op.pointee.status = .done
            op.pointee.step = op.pointee.stepAfterScript
            return .again
        }
        switch script[op.pointee.cursor] {
        case .write(let memory, let offset, let lengthBytes):
            return ask(file, .write, op, at: offset, memory, lengthBytes, then: .scriptDone)
        case .flush: return ask(file, .flush, op, at: 0, nil, 0, then: .scriptDone)
        case .discard(let offset, let lengthBytes):
            let end = min(offset + lengthBytes, state.pointee.fileEnd)
            guard end > offset else {
                op.pointee.cursor += 1
                return .again
            }
            return ask(file, .discard, op, at: offset, nil, end - offset, then: .scriptDone)
        }
    }

    func scriptDone(_ op: Op) -> Outcome {
        if op.pointee.status != .done {
            guard case .discard = script[op.pointee.cursor] else {
                script = []
                if op.pointee.stepAfterScript == .tableGrown { dropGrownTable() }
                return failed(op)
            }
        }
        op.pointee.cursor += 1
        op.pointee.step = .script
        return .again
    }

    // MARK: - The header

    /// Says in the header what must be said before anything is written.
    func writeHeader(_ op: Op) -> Outcome {
        let kept: UInt64 = geometry.isDataFileRaw ? Qcow2Header.rawDataFileFlag : 0
        if geometry.version >= 3 {
            headerMemory.setBig(header.autoclear & kept, 88)
            var features = header.incompatible
            if state.pointee.mustSetDirty { features.insert(.dirty) }
            headerMemory.setBig(features.rawValue, 72)
        }
        op.pointee.stepAfterLoad = op.pointee.step
        script = [
            .write(headerMemory, offset: 0, lengthBytes: UInt64(headerMemoryBytes)), .flush,
        ]
        return startScript(op, then: .headerWritten)
    }

    func headerWritten(_ op: Op) -> Outcome {
        header.autoclear &= geometry.isDataFileRaw ? Qcow2Header.rawDataFileFlag : 0
        if state.pointee.mustSetDirty { header.incompatible.insert(.dirty) }
        state.pointee.mustClearFeatures = false
        state.pointee.mustWriteHeader = false
        state.pointee.mustSetDirty = false
        op.pointee.step = op.pointee.stepAfterLoad
        return .again
    }

    // MARK: - A longer reference count table

    /// Puts a longer table, with the blocks that count it, behind everything.
    func growRefcountTable(_ op: Op) -> Outcome {
        if state.pointee.refcountTableDirty != nil {
            // The new table shall name no block that is not on disk.
            op.pointee.stepAfterCheckpoint = op.pointee.step
            op.pointee.step = .checkpoint
            return .again
        }
        let bits = UInt64(geometry.clusterBits)
        let blockBits = UInt64(geometry.blockBits)
        let covered = UInt64(refcountTableCount) << blockBits
        let start = max(covered, state.pointee.virginStart >> bits, state.pointee.freeHint)
        let firstKey = start >> blockBits
        var blockCount: UInt64 = 1
        var tableClusters: UInt64 = 1
        while true {
            let lastKey = (start + blockCount + tableClusters - 1) >> blockBits
            let entries = max(UInt64(refcountTableCount) * 3 / 2, lastKey + 1)
            let clustersNeeded = geometry.roundUp(entries * 8) >> bits
            let blocksNeeded = lastKey - firstKey + 1
            if clustersNeeded <= tableClusters, blocksNeeded <= blockCount { break }
            tableClusters = max(tableClusters, clustersNeeded)
            blockCount = max(blockCount, blocksNeeded)
        }
        guard tableClusters << bits <= Qcow2Header.refcountTableBytesMax else {
            return fail(op, EFBIG)
        }
        let end = start + blockCount + tableClusters
        let length = Int((blockCount + tableClusters) << bits)
        guard end << bits < 1 << 56 else { return fail(op, EFBIG) }
        var memory: UnsafeMutableRawPointer?
        guard posix_memalign(&memory, 4096, length) == 0, let memory else {
            return fail(op, ENOMEM)
        }
        memset(memory, 0, length)
        for cluster in start..<end {
            let block = RefcountBlock(
                memory: memory + Int((cluster >> blockBits - firstKey) << bits),
                order: geometry.refcountOrder
            )
            block.set(Int(cluster & (geometry.blockCount - 1)), to: 1)
        }
        let table = memory + Int(blockCount << bits)
        for key in 0..<refcountTableCount { table.setBig(refcountTable[key], key * 8) }
        for place in 0..<blockCount {
            table.setBig((start + place) << bits, Int(firstKey + place) * 8)
        }
        let grown = GrownTable(
            memory: memory,
            clusters: start..<end,
            blockCount: blockCount,
            firstKey: Int(firstKey),
            tableClusters: tableClusters
        )
        return writeGrownTable(op, grown, length)
    }

    private func writeGrownTable(_ op: Op, _ grown: GrownTable, _ length: Int) -> Outcome {
        let bits = UInt64(geometry.clusterBits)
        grownTable = grown
        headerMemory.setBig((grown.clusters.lowerBound + grown.blockCount) << bits, 48)
        headerMemory.setBig(UInt32(grown.tableClusters), 56)
        op.pointee.stepAfterLoad = op.pointee.step
        script = [
            .write(
                grown.memory,
                offset: grown.clusters.lowerBound << bits,
                lengthBytes: UInt64(length)
            ),
            .flush,
            .write(headerMemory, offset: 0, lengthBytes: UInt64(headerMemoryBytes)),
            .flush,
        ]
        return startScript(op, then: .tableGrown)
    }

    func tableGrown(_ op: Op) -> Outcome {
        guard let grown = grownTable else { return broken(op) }
        let bits = UInt64(geometry.clusterBits)
        pendingFrees.append(clusters(header.refcountTableOffset, UInt64(refcountTableCount) * 8))
        for place in 0..<Int(grown.blockCount) {
            refcountTable[grown.firstKey + place] =
                (grown.clusters.lowerBound + UInt64(place)) << bits
        }
        refcountTableCount = Int(grown.tableClusters << bits) / 8
        header.refcountTableOffset = (grown.clusters.lowerBound + grown.blockCount) << bits
        header.refcountTableClusters = UInt32(grown.tableClusters)
        // The new table holds what was dirty in the old one, but for blocks that are not written.
        metadata.insert(grown.clusters)
        noteTaken(grown.clusters.upperBound)
        state.pointee.fileEnd = max(
            state.pointee.fileEnd,
            grown.clusters.upperBound << bits
        )
        free(grown.memory)
        grownTable = nil
        op.pointee.step = op.pointee.stepAfterLoad
        return .again
    }

    /// Forgets a table that could not be written; the header in memory is the old one's again.
    private func dropGrownTable() {
        if let grown = grownTable { free(grown.memory) }
        grownTable = nil
        headerMemory.setBig(header.refcountTableOffset, 48)
        headerMemory.setBig(header.refcountTableClusters, 56)
    }
}
