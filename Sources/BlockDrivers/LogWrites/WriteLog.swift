internal import BlockGraph
internal import RingLoop

/// The format of a log of writes, and where its end is, for the views of all loops.
///
/// | sectors | content |
/// |---|---|
/// | 0 | super block: magic, version, number of entries (64 bits each), sector size (32 bits) |
/// | then, for each entry: 1 | first sector, number of sectors, flags, length of inline data (64 bits each) |
/// | and as many as it has sectors | what was written; nothing for discards and flushes |
///
/// All numbers are little-endian.
///
/// - SeeAlso: Linux, Documentation/admin-guide/device-mapper/log-writes.rst.
final class WriteLog: Sendable {
    static let magic: UInt64 = 0x6a_7366_7773_6872
    static let version: UInt64 = 1

    /// What an entry says of itself.
    struct Flags: OptionSet, Sendable {
        let rawValue: UInt64

        static let flush = Flags(rawValue: 1 << 0)
        static let forceUnitAccess = Flags(rawValue: 1 << 1)
        static let discard = Flags(rawValue: 1 << 2)
    }

    /// Where a log ends.
    struct End: Hashable, Sendable {
        var sector: UInt64 = 1
        var entryCount: UInt64 = 0
        /// Entries that the super block on disk tells of.
        var savedCount: UInt64 = 0
        /// Whether the head on disk is this log's.
        var isBegun = false
    }

    let sectorBytes: UInt64
    /// Entries are appended one after the other.
    let gate = RangeGate()
    private let content = Locked(End())

    init(sectorBytes: UInt64) { self.sectorBytes = sectorBytes }

    /// Where the log ends now.
    var end: End { content.withLock { $0 } }

    /// Goes on behind a log of before.
    func start(at end: End) { content.withLock { $0 = end } }

    /// Says that the log's head tells of this log.
    func begin() { content.withLock { $0.isBegun = true } }

    /// Takes note of an entry that was written at the end.
    func appended(sectorCount: UInt64) {
        content.withLock { end in
            end.sector += sectorCount
            end.entryCount += 1
        }
    }

    /// Takes note of a super block that was written.
    func saved(entryCount: UInt64) { content.withLock { $0.savedCount = entryCount } }

    /// Puts a super block into a sector.
    func putSuper(into sector: UnsafeMutableRawPointer, entryCount: UInt64) {
        clear(sector)
        sector.storeBytes(of: Self.magic.littleEndian, as: UInt64.self)
        sector.storeBytes(of: Self.version.littleEndian, toByteOffset: 8, as: UInt64.self)
        sector.storeBytes(of: entryCount.littleEndian, toByteOffset: 16, as: UInt64.self)
        let size = UInt32(sectorBytes).littleEndian
        sector.storeBytes(of: size, toByteOffset: 24, as: UInt32.self)
    }

    /// Puts an entry's head into a sector.
    func putEntry(
        into sector: UnsafeMutableRawPointer,
        offsetBytes: UInt64,
        lengthBytes: UInt64,
        flags: Flags
    ) {
        clear(sector)
        let first = offsetBytes / sectorBytes
        sector.storeBytes(of: first.littleEndian, as: UInt64.self)
        let count = lengthBytes / sectorBytes
        sector.storeBytes(of: count.littleEndian, toByteOffset: 8, as: UInt64.self)
        sector.storeBytes(of: flags.rawValue.littleEndian, toByteOffset: 16, as: UInt64.self)
    }

    private func clear(_ sector: UnsafeMutableRawPointer) {
        UnsafeMutableRawBufferPointer(start: sector, count: Int(sectorBytes))
            .initializeMemory(as: UInt8.self, repeating: 0)
    }
}
