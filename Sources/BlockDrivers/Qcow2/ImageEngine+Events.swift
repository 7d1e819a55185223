internal import BlockGraph
internal import GraphModel

/// Marks requests to children with the step that makes them, for rules of `blkdebug`.
extension ImageEngine {
    /// The events of a request whose answer a step takes.
    @inline(__always)
    func events(of op: Op, before step: Operation.Step, isBacking: Bool) -> BlockEvents {
        switch step {
        case .readDone:
            if isBacking { return .readBacking }
            return op.pointee.request == nil ? .readBeside : .readData
        case .writeDone: return .writeData
        case .newWritten: return eventsOfNew(op)
        default: return eventsOfTables(op, step)
        }
    }

    private func eventsOfNew(_ op: Op) -> BlockEvents {
        let kind: BlockEvents = op.pointee.bounce == nil ? .writeData : .writeBeside
        return op.pointee.writesInPlace ? kind : kind.union(.allocateCluster)
    }

    private func eventsOfTables(_ op: Op, _ step: Operation.Step) -> BlockEvents {
        switch step {
        case .compressedDone: return .readPacked
        case .packedWritten: return .writePacked
        case .tableLoaded: return op.pointee.loadsBlock ? .loadBlock : .loadTable
        case .tableWritten:
            let key = tables.slots[op.pointee.cursor].key
            let isNew = state.pointee.mappingDirty?.contains(key) ?? false
            return isNew ? [.updateTable, .allocateTable] : .updateTable
        case .blockWritten:
            let key = blocks.slots[op.pointee.cursor].key
            let isNew = state.pointee.refcountTableDirty?.contains(key) ?? false
            return isNew ? [.updateBlock, .allocateBlock] : .updateBlock
        case .mappingWritten: return .updateMapping
        case .refcountTableWritten: return .updateBlockTable
        case .scriptDone:
            if grownTable != nil { return .growBlockTable }
            return op.pointee.slot.operation == .discard ? .freeCluster : .none
        default: return .none
        }
    }
}
