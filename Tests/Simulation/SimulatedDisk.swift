/// A disk with a volatile cache: what was not synced when the power fails is kept or lost, sector by
/// sector, as the seed wills.
package final class SimulatedDisk {
    /// Unit that is kept or lost as a whole, in bytes.
    package static let sectorBytes = 512

    /// What reads see.
    private var content: [UInt8]
    /// What is on the medium.
    private var durable: [UInt8]
    /// Sectors that were written since the last sync.
    private var dirty: Set<Int> = []

    /// A disk of zeroes.
    package init(sectorCount: Int) {
        content = [UInt8](repeating: 0, count: sectorCount * Self.sectorBytes)
        durable = content
    }

    /// Size, in bytes.
    package var sizeBytes: Int { content.count }

    /// Copies bytes out; the number of bytes, or a negative error number.
    func read(_ offset: Int, _ length: Int, into buffer: UnsafeMutableRawPointer) -> Int32 {
        guard offset >= 0, offset + length <= content.count else { return -22 }
        content.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            buffer.copyMemory(from: start + offset, byteCount: length)
        }
        return Int32(length)
    }

    /// Takes bytes into the cache; the number of bytes, or a negative error number.
    func write(_ offset: Int, _ length: Int, from buffer: UnsafeRawPointer) -> Int32 {
        guard offset >= 0, offset + length <= content.count else { return -22 }
        content.withUnsafeMutableBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            (start + offset).copyMemory(from: buffer, byteCount: length)
        }
        let end = offset + length
        dirty.formUnion(offset / Self.sectorBytes..<(end + Self.sectorBytes - 1) / Self.sectorBytes)
        return Int32(length)
    }

    /// Makes everything durable that is in the cache.
    func sync() -> Int32 {
        durable = content
        dirty = []
        return 0
    }

    /// The power fails: each sector of the cache is kept or lost.
    package func crash(_ random: inout SeededRandom) {
        for sector in dirty.sorted() where random.oneIn(2) {
            let range = sector * Self.sectorBytes..<(sector + 1) * Self.sectorBytes
            durable.replaceSubrange(range, with: content[range])
        }
        content = durable
        dirty = []
    }
}
