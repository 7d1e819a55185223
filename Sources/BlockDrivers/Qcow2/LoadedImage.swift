/// An image's tables as they were read, before anything serves it: a value that all loops can share.
struct LoadedImage: Sendable {
    let header: Qcow2Header
    /// The start of the file, which is written back when the header changes.
    let headerBytes: [UInt8]
    /// Entries of the tables up to the last that is not zero.
    private(set) var mapping: [UInt64]
    private(set) var refcountTable: [UInt64]
    /// Size of the file, and of the data file.
    let fileBytes: UInt64
    let dataFileBytes: UInt64
    /// Alignment of requests to the files, in bytes.
    let alignmentBytes: UInt64
    /// Clusters that hold tables of snapshots.
    let snapshotClusters: [Range<UInt64>]
    /// Mapping tables of snapshots.
    let snapshotMappings: [(offset: UInt64, count: UInt64)]
    /// Size of the disk in the file's header, if that is not this one yet.
    private(set) var olderSizeBytes: UInt64?
    /// Whether the header tells of bitmaps.
    var hasBitmaps: Bool { header.hasBitmaps }

    /// The image with other tables, which are in the file, and a header that is not yet.
    func becoming(
        _ header: Qcow2Header,
        mapping: [UInt64],
        refcountTable: [UInt64],
        fileBytes: UInt64
    ) -> LoadedImage {
        var bytes = headerBytes
        bytes.putBig(header.sizeBytes, 8, at: 24)
        bytes.putBig(UInt64(header.mappingCount), 4, at: 36)
        bytes.putBig(header.mappingOffset, 8, at: 40)
        bytes.putBig(header.refcountTableOffset, 8, at: 48)
        bytes.putBig(UInt64(header.refcountTableClusters), 4, at: 56)
        if header.version >= 3 { bytes.putBig(header.incompatible.rawValue, 8, at: 72) }
        return LoadedImage(
            header: header,
            headerBytes: bytes,
            mapping: mapping,
            refcountTable: refcountTable,
            fileBytes: fileBytes,
            dataFileBytes: dataFileBytes,
            alignmentBytes: alignmentBytes,
            snapshotClusters: snapshotClusters,
            snapshotMappings: snapshotMappings,
            olderSizeBytes: olderSizeBytes ?? self.header.sizeBytes
        )
    }

    /// Lets go of tables that are read again before they are needed, or that an engine keeps.
    mutating func forgetTables() {
        mapping = []
        refcountTable = []
    }
}
