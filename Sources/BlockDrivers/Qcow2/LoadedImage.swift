/// An image's tables as they were read, before anything serves it: a value that all loops can share.
struct LoadedImage: Sendable {
    let header: Qcow2Header
    /// The start of the file, which is written back when the header changes.
    let headerBytes: [UInt8]
    let mapping: [UInt64]
    let refcountTable: [UInt64]
    /// Size of the file, and of the data file.
    let fileBytes: UInt64
    let dataFileBytes: UInt64
    /// Alignment of requests to the files, in bytes.
    let alignmentBytes: UInt64
    /// Clusters that hold tables of snapshots.
    let snapshotClusters: [Range<UInt64>]
    /// Mapping tables of snapshots.
    let snapshotMappings: [(offset: UInt64, count: UInt64)]
    /// Whether the header tells of bitmaps.
    var hasBitmaps: Bool { header.hasBitmaps }
}
