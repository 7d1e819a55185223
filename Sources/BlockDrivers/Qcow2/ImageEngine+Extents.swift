internal import BlockGraph
internal import Glibc

/// Which parts of a disk are data, and which read as zeroes.
extension ImageEngine {
    func extents(_ op: Op) -> Outcome {
        guard let list = op.pointee.extents else { return fail(op, EINVAL) }
        while op.pointee.position < op.pointee.end {
            if list.pointee.count > 0, op.pointee.flags.contains(.oneExtent) { break }
            let position = op.pointee.position
            let found = lookUp(position, op.pointee.end)
            if let missing = found.missing {
                return load(tables, missing.key, at: missing.offset, op)
            }
            var extent = ExtentList.Extent(
                lengthBytes: found.lengthBytes,
                isHole: false,
                readsZero: false
            )
            switch found.content {
            case .corrupt: return fail(op, EIO)
            case .data, .compressed: break
            case .zero: extent.isHole = true
            case .none where state.pointee.hasBacking && position < state.pointee.backingBytes:
                return askBacking(op, found.lengthBytes)
            case .none: extent.isHole = true
            }
            extent.readsZero = extent.isHole
            if found.content == .none, op.pointee.flags.contains(.layered) {
                extent.depth = state.pointee.layerCount
                extent.isUnowned = true
            }
            guard list.pointee.append(extent) else { break }
            op.pointee.position += found.lengthBytes
        }
        return done(op)
    }

    /// Has the backing image tell what shows through.
    private func askBacking(_ op: Op, _ lengthBytes: UInt64) -> Outcome {
        guard let backing else { return fail(op, EIO) }
        let position = op.pointee.position
        let length = min(lengthBytes, state.pointee.backingBytes - position)
        let part = UnsafeMutablePointer<ExtentList>.allocate(capacity: 1)
        part.initialize(to: ExtentList())
        op.pointee.bounce = UnsafeMutableRawPointer(part)
        op.pointee.pieceBytes = length
        op.pointee.slot.extents = part
        return ask(
            backing,
            .extents,
            op,
            at: position,
            nil,
            length,
            flags: op.pointee.flags,
            then: .extentsDone
        )
    }

    func extentsDone(_ op: Op) -> Outcome {
        guard let memory = op.pointee.bounce, let list = op.pointee.extents else {
            return fail(op, EINVAL)
        }
        let part = memory.assumingMemoryBound(to: ExtentList.self)
        op.pointee.bounce = nil
        op.pointee.slot.extents = nil
        defer {
            part.pointee.deallocate()
            part.deallocate()
        }
        guard op.pointee.status == .done else { return failed(op) }
        var left = op.pointee.pieceBytes
        for index in 0..<part.pointee.count where left > 0 {
            var extent = part.pointee[index]
            extent.lengthBytes = min(extent.lengthBytes, left)
            if op.pointee.flags.contains(.layered) { extent.depth += 1 }
            guard list.pointee.append(extent) else { return done(op) }
            op.pointee.position += extent.lengthBytes
            left -= extent.lengthBytes
        }
        // A list that was full, or an answer of one extent: the rest is asked for in turn.
        guard part.pointee.count > 0 else { return fail(op, EIO) }
        op.pointee.step = .extents
        return .again
    }
}
