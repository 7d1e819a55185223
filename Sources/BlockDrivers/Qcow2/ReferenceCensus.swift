internal import BlockGraph

/// Counts who refers to each cluster of an image, for one whose own counts may be wrong.
///
/// Everything is bounded by the file's size, not by what the header claims.
struct ReferenceCensus {
    /// Most clusters that are counted: 24 Mi, which are 1.5 TiB of 64 KiB.
    static let clusterMax: UInt64 = 24 << 20
    /// Most bytes of mapping tables that are looked through, those of snapshots included.
    static let tableBytesMax: UInt64 = 1 << 30

    let loader: ImageLoader
    let header: Qcow2Header
    let clusterCount: UInt64
    private(set) var counts: [UInt16]
    private var tableBytes: UInt64 = 0
    private let geometry: Qcow2Geometry

    init(loader: ImageLoader, header: Qcow2Header) throws(GraphError) {
        self.loader = loader
        self.header = header
        geometry = header.geometry
        clusterCount = geometry.roundUp(loader.fileBytes) >> UInt64(header.clusterBits)
        guard clusterCount <= Self.clusterMax else {
            throw loader.damage(
                "it was not closed properly and has \(clusterCount) clusters, and at most "
                    + "\(Self.clusterMax) are counted here; mend it with qemu-img check -r all"
            )
        }
        counts = [UInt16](repeating: 0, count: Int(clusterCount))
    }

    /// Counts everything that a reader of the image can reach.
    mutating func take(_ image: LoadedImage) throws(GraphError) {
        try add(0, 1)
        try add(header.mappingOffset, UInt64(header.mappingCount) * 8)
        try addTables(image.mapping)
        for range in image.snapshotClusters {
            for cluster in range { try addCluster(cluster) }
        }
        for snapshot in image.snapshotMappings {
            try addTables(try loader.table(snapshot.offset, count: snapshot.count, "snapshot"))
        }
    }

    /// Counts the clusters of the reference counts themselves.
    mutating func takeRefcounts(_ image: LoadedImage) throws(GraphError) {
        try add(header.refcountTableOffset, header.refcountTableCount * 8)
        for entry in image.refcountTable where entry & Qcow2Geometry.offsetMask != 0 {
            try add(entry & Qcow2Geometry.offsetMask, 1)
        }
    }

    private mutating func addTables(_ mapping: [UInt64]) throws(GraphError) {
        for entry in mapping {
            let offset = entry & Qcow2Geometry.offsetMask
            if offset == 0 { continue }
            try add(offset, 1)
            tableBytes += geometry.clusterBytes
            guard tableBytes <= Self.tableBytesMax else {
                throw loader.damage(
                    "it was not closed properly and has more than \(Self.tableBytesMax >> 20) MiB "
                        + "of mapping tables; mend it with qemu-img check -r all"
                )
            }
            let table = try loader.bytes(offset, geometry.clusterBytes, "mapping table")
            try addEntries(table)
        }
    }

    private mutating func addEntries(_ table: [UInt8]) throws(GraphError) {
        let step = geometry.hasSubclusters ? 16 : 8
        for place in stride(from: 0, to: table.count - step + 1, by: step) {
            let word = table.big(place, 8)
            if word & Qcow2Geometry.compressedFlag != 0 {
                let range = geometry.compressedRange(word)
                // The last sector may be claimed beyond the end.
                try add(range.offset, min(range.lengthBytes, loader.fileBytes &- range.offset))
            } else if word & Qcow2Geometry.offsetMask != 0, !geometry.hasDataFile {
                try add(word & Qcow2Geometry.offsetMask, 1)
            }
        }
    }

    private mutating func add(_ offset: UInt64, _ lengthBytes: UInt64) throws(GraphError) {
        guard lengthBytes > 0 else { return }
        let bits = UInt64(header.clusterBits)
        let (last, overflow) = offset.addingReportingOverflow(lengthBytes - 1)
        guard !overflow, last >> bits < clusterCount else {
            throw loader.damage("it was not closed properly, and offset \(offset) is not in it")
        }
        for cluster in (offset >> bits)...(last >> bits) { try addCluster(cluster) }
    }

    private mutating func addCluster(_ cluster: UInt64) throws(GraphError) {
        guard cluster < clusterCount, counts[Int(cluster)] < .max,
            UInt64(counts[Int(cluster)]) < geometry.refcountMax
        else {
            throw loader.damage("it was not closed properly, and cluster \(cluster) is overused")
        }
        counts[Int(cluster)] += 1
    }
}
