internal import BlockGraph
internal import RingLoop

/// Reference counts of a whole image, put behind everything: nothing of the old ones is needed, and
/// nothing of them is changed.
///
/// ```
/// clusters that are counted | blocks | table
/// ```
/// The blocks count themselves and their table.
struct NewRefcounts {
    /// Entries of the table.
    let table: [UInt64]
    let tableOffset: UInt64
    let tableClusters: UInt64
    /// Where the table ends.
    let endBytes: UInt64

    /// Writes counts of all clusters from the first on.
    init(
        _ counts: [UInt16],
        _ geometry: Qcow2Geometry,
        with writer: TableWriter
    ) throws(GraphError) {
        let bits = UInt64(geometry.clusterBits)
        let start = UInt64(counts.count)
        var blockCount: UInt64 = 1
        var clusters: UInt64 = 1
        while true {
            let end = start + blockCount + clusters
            let blocksNeeded = (end + geometry.blockCount - 1) >> UInt64(geometry.blockBits)
            let clustersNeeded = geometry.roundUp(blocksNeeded * 8) >> bits
            if blocksNeeded <= blockCount, clustersNeeded <= clusters { break }
            blockCount = max(blocksNeeded, blockCount)
            clusters = max(clustersNeeded, clusters)
        }
        guard clusters << bits <= Qcow2Header.refcountTableBytesMax else {
            throw writer.refusal("it is too large for that here")
        }
        tableOffset = (start + blockCount) << bits
        tableClusters = clusters
        endBytes = tableOffset + clusters << bits
        let count = Int(clusters << bits) / 8
        table = (0..<count).map { $0 < blockCount ? (start + UInt64($0)) << bits : 0 }
        try writeBlocks(counts, geometry, writer, count: blockCount)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(table.count * 8)
        for entry in table { bytes.appendBig(entry, 8) }
        try writer.write(bytes, at: tableOffset)
    }

    private func writeBlocks(
        _ counts: [UInt16],
        _ geometry: Qcow2Geometry,
        _ writer: TableWriter,
        count: UInt64
    ) throws(GraphError) {
        let memory = AlignedMemory(lengthBytes: Int(geometry.clusterBytes))
        let block = RefcountBlock(memory: memory.pointer, order: geometry.refcountOrder)
        let end = endBytes >> UInt64(geometry.clusterBits)
        for number in 0..<Int(count) {
            memory.bytes.initializeMemory(as: UInt8.self, repeating: 0)
            let first = UInt64(number) << UInt64(geometry.blockBits)
            for index in 0..<geometry.blockCount where first + index < end {
                let cluster = Int(first + index)
                let references = cluster < counts.count ? UInt64(counts[cluster]) : 1
                if references > 0 { block.set(Int(index), to: references) }
            }
            try writer.write(UnsafeRawBufferPointer(memory.bytes), at: table[number])
        }
    }
}
