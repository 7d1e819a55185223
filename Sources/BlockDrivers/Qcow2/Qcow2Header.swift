/// What an image's header says, after every limit was checked that needs no look elsewhere.
///
/// Nothing in it chooses a file: names are kept to be told to people.
///
/// - SeeAlso: QEMU, "Qcow2 Image File Format", section "Header".
struct Qcow2Header: Hashable, Sendable {
    static let magic: UInt32 = 0x5146_49fb
    /// Bytes that version 2 has, and those that version 3 has at least.
    static let version2Bytes = 72
    static let version3Bytes = 104
    /// Longest mapping and reference count tables, in bytes, and most snapshots: QEMU's limits.
    static let mappingBytesMax: UInt64 = 32 << 20
    static let refcountTableBytesMax: UInt64 = 8 << 20
    static let snapshotCountMax: UInt32 = 65536
    static let nameBytesMax: UInt32 = 1023

    var version: UInt32
    var backingName: String?
    var backingFormat: String?
    var dataFileName: String?
    var hasBitmaps = false
    var clusterBits: UInt32
    var sizeBytes: UInt64
    var mappingCount: UInt32
    var mappingOffset: UInt64
    var refcountTableOffset: UInt64
    var refcountTableClusters: UInt32
    var snapshotCount: UInt32
    var snapshotsOffset: UInt64
    var incompatible: Incompatible
    var compatible: UInt64
    var autoclear: UInt64
    var refcountOrder: UInt32
    var headerBytes: UInt32
    /// 0 for deflate, 1 for zstd.
    var compressionType: UInt8

    /// Features without which an image cannot be understood.
    struct Incompatible: OptionSet, Hashable, Sendable {
        let rawValue: UInt64

        static let dirty = Incompatible(rawValue: 1 << 0)
        static let corrupt = Incompatible(rawValue: 1 << 1)
        static let dataFile = Incompatible(rawValue: 1 << 2)
        static let compressionType = Incompatible(rawValue: 1 << 3)
        static let extendedEntries = Incompatible(rawValue: 1 << 4)
        static let known: Incompatible = [
            .dirty, .corrupt, .dataFile, .compressionType, .extendedEntries,
        ]
    }

    /// Reference counts may be written late.
    static let lazyRefcounts: UInt64 = 1 << 0
    /// Bitmaps are consistent; we do not keep them so.
    static let bitmapsFlag: UInt64 = 1 << 0
    /// The data file is a raw image at all times; we keep it so.
    static let rawDataFileFlag: UInt64 = 1 << 1

    /// What never changes.
    var geometry: Qcow2Geometry {
        Qcow2Geometry(
            version: version,
            clusterBits: clusterBits,
            refcountOrder: refcountOrder,
            hasSubclusters: incompatible.contains(.extendedEntries),
            hasDataFile: incompatible.contains(.dataFile),
            isDataFileRaw: incompatible.contains(.dataFile)
                && autoclear & Self.rawDataFileFlag != 0
        )
    }

    /// Entries of the table of reference count blocks.
    var refcountTableCount: UInt64 { UInt64(refcountTableClusters) << UInt64(clusterBits) / 8 }
}

/// Why bytes are no image that can be used; a clause for people.
struct Qcow2Fault: Error, Hashable {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}
