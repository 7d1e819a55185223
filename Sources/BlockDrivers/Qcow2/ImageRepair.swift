internal import BlockGraph
internal import GraphModel
internal import RingLoop

/// Makes the reference counts of an image right that was not closed properly.
///
/// New counts are put behind everything, so that nothing of the old is needed; the header switches
/// to them, and only then is the image said to be clean.
struct ImageRepair {
    let loader: ImageLoader
    let image: LoadedImage

    private var header: Qcow2Header { image.header }
    private var geometry: Qcow2Geometry { image.header.geometry }
    private var bits: UInt64 { UInt64(image.header.clusterBits) }

    /// Mends the image; it has to be read anew afterwards.
    func run() throws(GraphError) {
        var census = try ReferenceCensus(loader: loader, header: header)
        try census.take(image)
        if image.hasBitmaps {
            // What bitmaps hold is not counted here: it stays, and so does everything else.
            throw loader.damage(
                "it was not closed properly and has bitmaps; mend it with qemu-img check -r all"
            )
        }
        let counts = census.counts
        let start = census.clusterCount
        var blockCount: UInt64 = 1
        var tableClusters: UInt64 = 1
        while true {
            let end = start + blockCount + tableClusters
            let blocks = (end + geometry.blockCount - 1) >> UInt64(geometry.blockBits)
            let clusters = geometry.roundUp(blocks * 8) >> bits
            if blocks <= blockCount, clusters <= tableClusters { break }
            blockCount = max(blocks, blockCount)
            tableClusters = max(clusters, tableClusters)
        }
        guard tableClusters << bits <= Qcow2Header.refcountTableBytesMax else {
            throw loader.damage("it was not closed properly and is too large to be mended here")
        }
        try writeCounts(counts, start: start, blockCount: blockCount, tableClusters: tableClusters)
        try check(loader.access.flush("file"))
        try markOwned(counts)
        try writeHeader(refcountTable: (start + blockCount) << bits, clusters: tableClusters)
    }

    private func writeCounts(
        _ counts: [UInt16],
        start: UInt64,
        blockCount: UInt64,
        tableClusters: UInt64
    ) throws(GraphError) {
        let end = start + blockCount + tableClusters
        let memory = AlignedMemory(lengthBytes: Int(geometry.clusterBytes))
        let block = RefcountBlock(memory: memory.pointer, order: geometry.refcountOrder)
        for number in 0..<blockCount {
            memory.bytes.initializeMemory(as: UInt8.self, repeating: 0)
            let first = number << UInt64(geometry.blockBits)
            for index in 0..<geometry.blockCount where first + index < end {
                let cluster = first + index
                let count = cluster < start ? UInt64(counts[Int(cluster)]) : 1
                if count > 0 { block.set(Int(index), to: count) }
            }
            try write(UnsafeRawBufferPointer(memory.bytes), at: (start + number) << bits)
        }
        var table: [UInt8] = []
        for number in 0..<blockCount { table.appendBig((start + number) << bits, 8) }
        table += [UInt8](repeating: 0, count: Int(tableClusters << bits) - table.count)
        try write(table, at: (start + blockCount) << bits)
    }

    /// Says of each table and cluster of the disk whether it is its own.
    private func markOwned(_ counts: [UInt16]) throws(GraphError) {
        let step = geometry.hasSubclusters ? 16 : 8
        var mapping: [UInt8] = []
        for entry in image.mapping {
            let offset = entry & Qcow2Geometry.offsetMask
            mapping.appendBig(offset == 0 ? entry : marked(entry, counts), 8)
            if offset == 0 { continue }
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
                var bytes: [UInt8] = []
                bytes.appendBig(right, 8)
                table.replaceSubrange(place..<(place + 8), with: bytes)
            }
            if hasChanged { try write(table, at: offset) }
        }
        let length = Int(geometry.roundUp(UInt64(mapping.count)))
        mapping += [UInt8](repeating: 0, count: length - mapping.count)
        if !image.mapping.isEmpty { try write(mapping, at: header.mappingOffset) }
    }

    private func marked(_ entry: UInt64, _ counts: [UInt16]) -> UInt64 {
        let cluster = Int((entry & Qcow2Geometry.offsetMask) >> bits)
        return counts[cluster] == 1
            ? entry | Qcow2Geometry.copiedFlag : entry & ~Qcow2Geometry.copiedFlag
    }

    private func writeHeader(refcountTable: UInt64, clusters: UInt64) throws(GraphError) {
        var bytes = image.headerBytes
        func put(_ value: UInt64, _ count: Int, at place: Int) {
            var piece: [UInt8] = []
            piece.appendBig(value, count)
            bytes.replaceSubrange(place..<(place + count), with: piece)
        }
        put(refcountTable, 8, at: 48)
        put(clusters, 4, at: 56)
        put(header.incompatible.subtracting(.dirty).rawValue, 8, at: 72)
        try check(loader.access.flush("file"))
        try write(bytes, at: 0)
        try check(loader.access.flush("file"))
    }

    private func write(_ bytes: [UInt8], at offset: UInt64) throws(GraphError) {
        let memory = AlignedMemory(lengthBytes: max(bytes.count, 1))
        memory.bytes.copyBytes(from: bytes)
        try write(UnsafeRawBufferPointer(start: memory.pointer, count: bytes.count), at: offset)
    }

    private func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(GraphError) {
        try check(loader.access.write("file", at: offset, bytes))
    }

    private func check(_ result: Int32) throws(GraphError) {
        guard result != 0 else { return }
        throw loader.settings.refusal(
            "the image of \(loader.settings.object) was not closed properly and cannot be mended: "
                + SystemError.words(of: result)
        )
    }
}
