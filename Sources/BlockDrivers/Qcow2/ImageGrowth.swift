internal import BlockGraph
internal import GraphModel

/// Makes the disk of an image longer, as far as this can be done before anybody has decided for it.
///
/// ```
/// room left behind the mapping table:  zeroes there
/// none:  a longer mapping table, and counts with it, behind everything
/// ```
/// Nothing that the header names is changed. The new header is left to the engine, which writes it
/// before it changes anything: until then the image on disk is the old one, and who gives up takes
/// the end of the file off again.
struct ImageGrowth {
    private let loader: ImageLoader
    private let image: LoadedImage
    private let writer: TableWriter

    init(loader: ImageLoader, image: LoadedImage) {
        self.loader = loader
        self.image = image
        writer = TableWriter(loader: loader, fact: "cannot be made longer", option: "size")
    }

    private var geometry: Qcow2Geometry { image.header.geometry }

    /// Why an image cannot grow to a size, or nothing.
    static func fault(
        in header: Qcow2Header,
        to sizeBytes: UInt64,
        _ settings: Qcow2Settings
    ) -> GraphError? {
        guard sizeBytes > header.sizeBytes else { return nil }
        let geometry = header.geometry
        let tables = geometry.tablesNeeded(sizeBytes)
        let reason: String? =
            if settings.isReadOnly {
                "it can only be read; take read-only away, or take size out"
            } else if sizeBytes > UInt64(Int64.max) || tables * 8 > Qcow2Header.mappingBytesMax {
                "its clusters of \(geometry.clusterBytes) bytes are too small for that; copy it to "
                    + "an image with a larger cluster-size"
            } else if header.version == 2, header.snapshotCount > 0 {
                "it is of version 2 and has snapshots, which do not say how long they are; "
                    + "make it version 3 with qemu-img amend -o compat=1.1"
            } else if geometry.isDataFileRaw {
                "its data file is a raw image and would have to be as long; use qemu-img resize"
            } else if settings.backingBytes > header.sizeBytes {
                "its backing image is longer than it, with \(settings.backingBytes) bytes, and what "
                    + "it has behind \(header.sizeBytes) must not come to light; use qemu-img "
                    + "resize, which writes zeroes there"
            } else {
                nil
            }
        guard let reason else { return nil }
        return settings.refusal(
            "the image of \(settings.object) has \(header.sizeBytes) bytes and cannot grow to "
                + "\(sizeBytes): \(reason)",
            code: settings.isReadOnly ? .readOnly : .size,
            option: "size"
        )
    }

    /// Prepares a size that an image can grow to.
    ///
    /// - Returns: The image as it is then, with a header that is not in the file yet.
    func run(to sizeBytes: UInt64) throws(GraphError) -> LoadedImage {
        var header = image.header
        let tables = max(geometry.tablesNeeded(sizeBytes), UInt64(header.mappingCount))
        header.sizeBytes = sizeBytes
        header.mappingCount = UInt32(tables)
        let room = geometry.roundUp(UInt64(image.header.mappingCount) * 8)
        return tables * 8 <= room ? try growInPlace(header, room) : try move(header)
    }

    /// Has the rest of the mapping table's last cluster read as entries that lead nowhere.
    private func growInPlace(
        _ header: Qcow2Header,
        _ roomBytes: UInt64
    ) throws(GraphError) -> LoadedImage {
        let unit = max(image.alignmentBytes, 512)
        let start = UInt64(image.header.mappingCount) * 8 / unit * unit
        var bytes: [UInt8] = []
        for entry in image.mapping.dropFirst(Int(start / 8)) { bytes.appendBig(entry, 8) }
        bytes += [UInt8](repeating: 0, count: Int(roomBytes - start) - bytes.count)
        if !bytes.isEmpty { try writer.write(bytes, at: header.mappingOffset + start) }
        try writer.flush()
        return image.becoming(
            header,
            mapping: image.mapping,
            refcountTable: image.refcountTable,
            fileBytes: max(image.fileBytes, header.mappingOffset + roomBytes)
        )
    }

    /// Puts a longer table behind everything, and counts in which the old one is free.
    private func move(_ header: Qcow2Header) throws(GraphError) -> LoadedImage {
        let bits = UInt64(geometry.clusterBits)
        var header = header
        var counts = try countsWithoutTables()
        header.mappingOffset = UInt64(counts.count) << bits
        let length = geometry.roundUp(UInt64(header.mappingCount) * 8)
        counts += [UInt16](repeating: 1, count: Int(length >> bits))
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(length))
        for entry in image.mapping { bytes.appendBig(entry, 8) }
        bytes += [UInt8](repeating: 0, count: Int(length) - bytes.count)
        try writer.write(bytes, at: header.mappingOffset)
        let moved = try NewRefcounts(counts, geometry, with: writer)
        try writer.flush()
        header.refcountTableOffset = moved.tableOffset
        header.refcountTableClusters = UInt32(moved.tableClusters)
        return image.becoming(
            header,
            mapping: image.mapping,
            refcountTable: moved.table,
            fileBytes: moved.endBytes
        )
    }

    /// The image's own counts, but for the mapping table and what holds the counts themselves.
    private func countsWithoutTables() throws(GraphError) -> [UInt16] {
        var counts = try countsAsTheyAre()
        try drop(image.header.mappingOffset, UInt64(image.header.mappingCount) * 8, in: &counts)
        let table = image.header.refcountTableCount * 8
        try drop(image.header.refcountTableOffset, table, in: &counts)
        for entry in image.refcountTable where entry & Qcow2Geometry.offsetMask != 0 {
            try drop(entry & Qcow2Geometry.offsetMask, 1, in: &counts)
        }
        return counts
    }

    /// Counts to the end of the file, or of what is counted behind it.
    private func countsAsTheyAre() throws(GraphError) -> [UInt16] {
        let bits = UInt64(geometry.clusterBits)
        let blocks = image.refcountTable.lastIndex { $0 & Qcow2Geometry.offsetMask != 0 } ?? -1
        let covered = UInt64(blocks + 1) << UInt64(geometry.blockBits)
        let inFile = geometry.roundUp(image.fileBytes) >> bits
        guard max(covered, inFile) <= ReferenceCensus.clusterMax + geometry.blockCount else {
            throw writer.refusal(
                "its mapping table must move, and it has more than \(ReferenceCensus.clusterMax) "
                    + "clusters, which are not counted here; use qemu-img resize"
            )
        }
        var counts = [UInt16](repeating: 0, count: Int(max(covered, inFile)))
        for (key, entry) in image.refcountTable.enumerated() {
            let offset = entry & Qcow2Geometry.offsetMask
            if offset == 0 { continue }
            var bytes = try loader.bytes(offset, geometry.clusterBytes, "reference counts")
            let missing = Int(geometry.clusterBytes) - bytes.count
            bytes += [UInt8](repeating: 0, count: missing)
            let first = key << Int(geometry.blockBits)
            let isWhole = bytes.withUnsafeMutableBytes { raw in
                guard let memory = raw.baseAddress else { return false }
                let block = RefcountBlock(memory: memory, order: geometry.refcountOrder)
                for index in 0..<Int(geometry.blockCount) {
                    guard let count = UInt16(exactly: block.count(index)) else { return false }
                    counts[first + index] = count
                }
                return true
            }
            guard isWhole else {
                throw writer.refusal(
                    "its mapping table must move, and a cluster of it has more than 65535 "
                        + "references; use qemu-img resize"
                )
            }
        }
        let end = max((counts.lastIndex { $0 != 0 } ?? 0) + 1, Int(inFile))
        counts.removeLast(counts.count - end)
        return counts
    }

    private func drop(
        _ offset: UInt64,
        _ lengthBytes: UInt64,
        in counts: inout [UInt16]
    ) throws(GraphError) {
        guard lengthBytes > 0 else { return }
        let bits = UInt64(geometry.clusterBits)
        for cluster in (offset >> bits)...((offset &+ lengthBytes &- 1) >> bits) {
            guard cluster < counts.count, counts[Int(cluster)] > 0 else {
                throw loader.damage("cluster \(cluster) is in use and not counted")
            }
            counts[Int(cluster)] -= 1
        }
    }
}
