internal import BlockGraph
internal import Glibc

/// Where guest bytes are, and how they are read.
extension ImageEngine {
    /// What the tables say of a run of guest bytes.
    struct Mapping {
        var content: ClusterEntry.Content
        var lengthBytes: UInt64
        var host: UInt64 = 0
        /// Whether it may be written in place.
        var isCopied = false
        /// First word of the entry of a compressed cluster.
        var word: UInt64 = 0
        /// The table that must be loaded first, and where it is.
        var missing: (key: Int, offset: UInt64)?
    }

    /// Looks up the run at the start of a guest range; whole as far as one table reaches.
    @inline(__always)
    func lookUp(_ position: UInt64, _ end: UInt64) -> Mapping {
        let key = Int(position >> UInt64(geometry.tableBits + geometry.clusterBits))
        guard key < mappingCount else {
            return Mapping(content: .none, lengthBytes: end - position)
        }
        let limit = min(end, (UInt64(key) + 1) &* geometry.tableSpanBytes)
        let offset = mapping[key] & Qcow2Geometry.offsetMask
        if offset == 0 { return Mapping(content: .none, lengthBytes: limit - position) }
        guard let table = tables.table(key) else {
            return Mapping(content: .none, lengthBytes: 0, missing: (key, offset))
        }
        return lookUp(table, position, limit)
    }

    @inline(__always)
    private func lookUp(
        _ table: UnsafeMutableRawPointer,
        _ position: UInt64,
        _ limit: UInt64
    ) -> Mapping {
        let bits = UInt64(geometry.clusterBits)
        let mask = geometry.clusterMask
        var index = Int((position >> bits) & (geometry.tableCount &- 1))
        var entry = geometry.entry(table, index)
        let subBits = UInt64(geometry.subclusterBits)
        let first = entry.content(Int((position & mask) >> subBits))
        var result = Mapping(content: first, lengthBytes: 0)
        switch first {
        case .corrupt:
            result.lengthBytes = limit - position
            return result
        case .compressed:
            result.word = entry.word
            result.lengthBytes = min(limit, (position | mask) &+ 1) - position
            return result
        case .data:
            result.host = entry.host &+ (position & mask)
            result.isCopied = entry.isCopied
        case .none, .zero: break
        }
        var reached = position
        while true {
            if first == .data, !isSound(entry, guest: reached & ~mask) {
                if reached == position { result.content = .corrupt }
                break
            }
            reached = endOfRun(entry, reached, first)
            guard reached & mask == 0, reached < limit else { break }
            index += 1
            entry = geometry.entry(table, index)
            guard entry.content(0) == first else { break }
            if first == .data {
                guard entry.host == result.host &+ (reached - position),
                    entry.isCopied == result.isCopied
                else { break }
            }
        }
        result.lengthBytes =
            result.content == .corrupt ? limit - position : min(reached, limit) - position
        return result
    }

    /// Where the subclusters of one kind end, from one of them on, at most at the cluster's end.
    @inline(__always)
    private func endOfRun(
        _ entry: ClusterEntry,
        _ position: UInt64,
        _ content: ClusterEntry.Content
    ) -> UInt64 {
        let base = position & ~geometry.clusterMask
        guard geometry.hasSubclusters else { return base &+ geometry.clusterBytes }
        let bits = UInt64(geometry.subclusterBits)
        var subcluster = Int((position & geometry.clusterMask) >> bits) + 1
        while subcluster < Qcow2Geometry.subclusterCount, entry.content(subcluster) == content {
            subcluster += 1
        }
        return base &+ UInt64(subcluster) << bits
    }

    /// Whether a host offset is one that a data cluster can have.
    @inline(__always)
    private func isSound(_ entry: ClusterEntry, guest: UInt64) -> Bool {
        if geometry.hasDataFile { return entry.host == guest }
        return entry.host & geometry.clusterMask == 0 && entry.host != 0
    }

    func read(_ op: Op) -> Outcome {
        while op.pointee.position < op.pointee.end {
            let position = op.pointee.position
            let found = lookUp(position, op.pointee.end)
            if let missing = found.missing {
                return load(tables, missing.key, at: missing.offset, op)
            }
            guard let memory = op.pointee.memory else { return fail(op, EINVAL) }
            op.pointee.pieceBytes = found.lengthBytes
            switch found.content {
            case .data:
                let end = geometry.hasDataFile ? state.pointee.dataEnd : state.pointee.fileEnd
                if found.host < end {
                    op.pointee.pieceBytes = min(found.lengthBytes, end - found.host)
                    return readFile(op, found.host, memory)
                }
            case .none where state.pointee.hasBacking && position < state.pointee.backingBytes:
                guard let backing else { return fail(op, EIO) }
                let length = min(found.lengthBytes, state.pointee.backingBytes - position)
                op.pointee.pieceBytes = length
                return askForData(backing, op, at: position, memory)
            case .none, .zero: break
            case .compressed: return readCompressed(op, found.word)
            case .corrupt: return fail(op, EIO)
            }
            memset(memory, 0, Int(op.pointee.pieceBytes))
            op.pointee.position = position + op.pointee.pieceBytes
        }
        return done(op)
    }

    /// Reads from a file what it holds, in whole units of its alignment.
    private func readFile(_ op: Op, _ host: UInt64, _ memory: UnsafeMutableRawPointer) -> Outcome {
        askForData(data, op, at: host, memory)
    }

    /// Reads the piece at hand; one that is all of the request may be lent.
    private func askForData(
        _ child: Edge,
        _ op: Op,
        at offset: UInt64,
        _ memory: UnsafeMutableRawPointer
    ) -> Outcome {
        let length = op.pointee.pieceBytes
        var flags: RequestFlags = []
        if op.pointee.flags.rawValue & RequestFlags.mayLend.rawValue != 0,
            op.pointee.position == op.pointee.start, length == op.pointee.end &- op.pointee.start,
            !state.pointee.detectsZeroes, child.lendsPages
        {
            flags = .mayLend
        }
        return ask(child, .read, op, at: offset, memory, length, flags: flags, then: .readDone)
    }

    func readDone(_ op: Op) -> Outcome {
        guard op.pointee.status == .done else { return failed(op) }
        if let loan = op.pointee.slot.loan {
            op.pointee.slot.loan = nil
            op.pointee.request?.pointee.loan = loan
        }
        op.pointee.position += op.pointee.pieceBytes
        op.pointee.step = .read
        return .again
    }

    private func readCompressed(_ op: Op, _ word: UInt64) -> Outcome {
        if state.pointee.unpackedWord == word { return copyUnpacked(op) }
        let range = geometry.compressedRange(word)
        // In whole units of the file's alignment, and nothing behind its end.
        let begin = range.offset & ~(alignmentBytes - 1)
        let wanted = range.offset + range.lengthBytes
        let rounded = (wanted + alignmentBytes - 1) & ~(alignmentBytes - 1)
        let end = min(rounded, state.pointee.fileEnd)
        guard end > range.offset, let bounce = makeBounce(op, Int(rounded - begin)) else {
            return fail(op, EIO)
        }
        op.pointee.word = word
        if end < rounded { memset(bounce + Int(end - begin), 0, Int(rounded - end)) }
        return ask(file, .read, op, at: begin, bounce, end - begin, then: .compressedDone)
    }

    func compressedDone(_ op: Op) -> Outcome {
        guard op.pointee.status == .done, let bounce = op.pointee.bounce,
            let unpacked = makeUnpacked()
        else { return op.pointee.status == .done ? fail(op, ENOMEM) : failed(op) }
        let range = geometry.compressedRange(op.pointee.word)
        state.pointee.unpackedWord = 0
        let isSound = Compression.unpack(
            bounce + Int(range.offset & (alignmentBytes - 1)),
            Int(range.lengthBytes),
            into: unpacked,
            Int(geometry.clusterBytes),
            type: header.compressionType
        )
        dropBounce(op)
        guard isSound else { return fail(op, EIO) }
        state.pointee.unpackedWord = op.pointee.word
        return copyUnpacked(op)
    }

    private func copyUnpacked(_ op: Op) -> Outcome {
        guard let unpacked, let memory = op.pointee.memory else { return fail(op, EIO) }
        let inCluster = Int(op.pointee.position & geometry.clusterMask)
        memcpy(memory, unpacked + inCluster, Int(op.pointee.pieceBytes))
        op.pointee.position += op.pointee.pieceBytes
        op.pointee.step = .read
        return .again
    }
}
