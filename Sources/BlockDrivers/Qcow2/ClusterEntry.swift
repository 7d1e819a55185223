/// What a mapping table says of one cluster, in one form for images with and without subclusters.
struct ClusterEntry: Hashable {
    /// First word: flags and host offset, or where compressed data lies.
    var word: UInt64
    /// Allocated subclusters in the lower half, those that read as zeroes in the upper half; a
    /// cluster without subclusters is its only one.
    var bits: UInt64

    @inline(__always) var isCompressed: Bool { word & Qcow2Geometry.compressedFlag != 0 }
    /// Whether the cluster may be written in place.
    @inline(__always) var isCopied: Bool { word & Qcow2Geometry.copiedFlag != 0 }
    @inline(__always) var host: UInt64 { word & Qcow2Geometry.offsetMask }
    @inline(__always) var allocated: UInt64 { bits & 0xffff_ffff }
    @inline(__always) var zeroes: UInt64 { bits >> 32 }

    /// A cluster that nothing is known of.
    static let none = ClusterEntry(word: 0, bits: 0)

    /// What a read meets at a subcluster.
    enum Content: UInt8 {
        case none, zero, data, compressed, corrupt
    }

    @inline(__always)
    func content(_ subcluster: Int) -> Content {
        if isCompressed { return .compressed }
        let isZero = zeroes >> UInt64(subcluster) & 1 != 0
        let isAllocated = allocated >> UInt64(subcluster) & 1 != 0
        if isZero { return isAllocated ? .corrupt : .zero }
        return isAllocated ? .data : .none
    }
}

extension Qcow2Geometry {
    /// Reads an entry.
    @inline(__always)
    func entry(_ table: UnsafeMutableRawPointer, _ index: Int) -> ClusterEntry {
        if hasSubclusters {
            return ClusterEntry(
                word: UnsafeRawPointer(table).bigUInt64(index &* 16),
                bits: UnsafeRawPointer(table).bigUInt64(index &* 16 &+ 8)
            )
        }
        let word = UnsafeRawPointer(table).bigUInt64(index &* 8)
        if word & Self.compressedFlag != 0 { return ClusterEntry(word: word, bits: 0) }
        if word & Self.zeroFlag != 0 {
            // Before version 3 the bit means nothing, and says that something is wrong.
            return ClusterEntry(word: word, bits: version >= 3 ? 1 << 32 : 1 << 32 | 1)
        }
        let isAllocated =
            word & Self.offsetMask != 0 || (hasDataFile && word & Self.copiedFlag != 0)
        return ClusterEntry(word: word, bits: isAllocated ? 1 : 0)
    }

    /// Stores an entry.
    func store(_ entry: ClusterEntry, _ table: UnsafeMutableRawPointer, _ index: Int) {
        if hasSubclusters {
            table.setBig(entry.word, index * 16)
            table.setBig(entry.isCompressed ? 0 : entry.bits, index * 16 + 8)
            return
        }
        var word = entry.word
        if !entry.isCompressed {
            word &= ~Self.zeroFlag
            if entry.zeroes != 0 { word |= Self.zeroFlag }
        }
        table.setBig(word, index * 8)
    }
}
