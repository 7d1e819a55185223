/// Sizes of an image that never change while it is open: a plain value, so that reading it costs
/// loads only.
struct Qcow2Geometry: Hashable, Sendable {
    /// Smallest and largest cluster, as powers of two.
    static let clusterBitsMin: UInt32 = 9
    static let clusterBitsMax: UInt32 = 21
    /// Subclusters of a cluster with extended entries.
    static let subclusterCount = 32
    /// Bits of an entry that hold a host offset.
    static let offsetMask: UInt64 = 0x00ff_ffff_ffff_fe00
    /// The cluster's reference count is exactly one.
    static let copiedFlag: UInt64 = 1 << 63
    /// The cluster is compressed.
    static let compressedFlag: UInt64 = 1 << 62
    /// The cluster reads as zeroes.
    static let zeroFlag: UInt64 = 1

    let version: UInt32
    let clusterBits: UInt32
    /// Width of a reference count in bits, as a power of two.
    let refcountOrder: UInt32
    let hasSubclusters: Bool
    /// Whether guest data is kept in a file of its own, where host and guest offsets are equal.
    let hasDataFile: Bool
    /// Whether that file must at all times be readable as a raw image.
    let isDataFileRaw: Bool

    var clusterBytes: UInt64 { 1 << UInt64(clusterBits) }
    var clusterMask: UInt64 { clusterBytes &- 1 }
    /// Entries of a mapping table, as a power of two.
    var tableBits: UInt32 { clusterBits - (hasSubclusters ? 4 : 3) }
    var tableCount: UInt64 { 1 << UInt64(tableBits) }
    /// Guest bytes that one mapping table covers.
    var tableSpanBytes: UInt64 { 1 << UInt64(tableBits + clusterBits) }
    /// Subclusters of a cluster: 32, or 1.
    var subclusters: Int { hasSubclusters ? Self.subclusterCount : 1 }
    var subclusterBits: UInt32 { hasSubclusters ? clusterBits - 5 : clusterBits }
    var subclusterBytes: UInt64 { 1 << UInt64(subclusterBits) }
    /// Reference counts in one block, as a power of two.
    var blockBits: UInt32 { clusterBits + 3 - refcountOrder }
    var blockCount: UInt64 { 1 << UInt64(blockBits) }
    var refcountMax: UInt64 { refcountOrder == 6 ? .max : (1 << (1 << UInt64(refcountOrder))) - 1 }
    /// All subclusters, as a mask in the lower half of an extended entry's bitmap.
    var allSubclusters: UInt64 { hasSubclusters ? 0xffff_ffff : 1 }

    /// Where the host offset of a compressed cluster ends and its length begins.
    private var compressedShift: UInt64 { 62 - (UInt64(clusterBits) - 8) }

    /// Where compressed data lies: offset, and length to the end of its last sector.
    func compressedRange(_ raw: UInt64) -> (offset: UInt64, lengthBytes: UInt64) {
        let shift = compressedShift
        let offset = raw & ((1 << shift) - 1) & 0x00ff_ffff_ffff_ffff
        let sectors = (raw >> shift) & ((1 << (62 - shift)) - 1)
        return (offset, (sectors + 1) * 512 - (offset & 511))
    }

    /// The entry of compressed data, or nothing when it lies too far away.
    func compressedEntry(offset: UInt64, lengthBytes: UInt64) -> UInt64? {
        let shift = compressedShift
        guard offset < 1 << min(shift, 56) else { return nil }
        let sectors = (offset + lengthBytes - 1) / 512 - offset / 512
        return Qcow2Geometry.compressedFlag | sectors << shift | offset
    }

    /// Rounds up to whole clusters.
    func roundUp(_ bytes: UInt64) -> UInt64 { (bytes &+ clusterMask) & ~clusterMask }

    /// How many mapping tables a disk needs.
    func tablesNeeded(_ sizeBytes: UInt64) -> UInt64 {
        sizeBytes / tableSpanBytes + (sizeBytes % tableSpanBytes == 0 ? 0 : 1)
    }
}
