internal import BlockGraph

/// Makes the reference counts of an image right that was not closed properly.
///
/// New counts are put behind everything, so that nothing of the old is needed. The header that names
/// them is left to the engine, which writes it before it changes anything: until then the image on
/// disk is the old one, and who gives up takes the end of the file off again.
struct ImageRepair {
    private let loader: ImageLoader
    private let image: LoadedImage
    private let writer: TableWriter

    init(loader: ImageLoader, image: LoadedImage) {
        self.loader = loader
        self.image = image
        writer = TableWriter(
            loader: loader,
            fact: "was not closed properly and cannot be mended",
            option: "file"
        )
    }

    private var geometry: Qcow2Geometry { image.header.geometry }

    /// Mends the image.
    ///
    /// - Returns: The image as it is then, with a header that is not in the file yet.
    func run() throws(GraphError) -> LoadedImage {
        if image.hasBitmaps {
            // What bitmaps hold is not counted here: it stays, and so does everything else.
            throw loader.damage(
                "it was not closed properly and has bitmaps; mend it with qemu-img check -r all"
            )
        }
        var census = try ReferenceCensus(loader: loader, header: image.header)
        try census.take(image)
        let counts = try NewRefcounts(census.counts, geometry, with: writer)
        let mapping = try markOwned(census.counts)
        try writer.flush()
        var header = image.header
        header.refcountTableOffset = counts.tableOffset
        header.refcountTableClusters = UInt32(counts.tableClusters)
        header.incompatible.remove(.dirty)
        return image.becoming(
            header,
            mapping: mapping,
            refcountTable: counts.table,
            fileBytes: counts.endBytes
        )
    }

    /// Says of each table and cluster of the disk whether it is its own.
    private func markOwned(_ counts: [UInt16]) throws(GraphError) -> [UInt64] {
        let step = geometry.hasSubclusters ? 16 : 8
        var mapping = image.mapping
        for (index, entry) in image.mapping.enumerated() {
            let offset = entry & Qcow2Geometry.offsetMask
            if offset == 0 { continue }
            mapping[index] = marked(entry, counts)
            var table = try loader.bytes(offset, geometry.clusterBytes, "mapping table")
            var hasChanged = false
            for place in stride(from: 0, to: table.count - step + 1, by: step) {
                let word = table.big(place, 8)
                let isStandard = word & Qcow2Geometry.compressedFlag == 0
                guard isStandard, word & Qcow2Geometry.offsetMask != 0, !geometry.hasDataFile else {
                    continue
                }
                let right = marked(word, counts)
                guard right != word else { continue }
                hasChanged = true
                table.putBig(right, 8, at: place)
            }
            if hasChanged { try writer.write(table, at: offset) }
        }
        guard mapping != image.mapping else { return mapping }
        var bytes: [UInt8] = []
        for entry in mapping { bytes.appendBig(entry, 8) }
        let length = Int(geometry.roundUp(UInt64(bytes.count)))
        bytes += [UInt8](repeating: 0, count: length - bytes.count)
        try writer.write(bytes, at: image.header.mappingOffset)
        return mapping
    }

    private func marked(_ entry: UInt64, _ counts: [UInt16]) -> UInt64 {
        let cluster = Int((entry & Qcow2Geometry.offsetMask) >> UInt64(geometry.clusterBits))
        return counts[cluster] == 1
            ? entry | Qcow2Geometry.copiedFlag : entry & ~Qcow2Geometry.copiedFlag
    }
}
