import Glibc

@testable import BlockDrivers

/// Looks at the bytes of a qcow2 image from the specification alone: shares no code with the driver
/// but for unpacking, so that both are not wrong in the same way.
struct ImageJudge {
    /// What was found.
    enum Verdict: Equatable {
        case clean
        /// Clusters that are counted and that nobody refers to.
        case leaks(Int)
        case corrupt(String)
    }

    /// Where a sector's content is.
    enum Content: Equatable {
        case zeroes, below, packed(word: UInt64)
        case at(Int)
    }

    let bytes: UnsafeRawBufferPointer
    let clusterBits: Int
    let sizeBytes: Int
    let isDirty: Bool
    let hasSubclusters: Bool
    let hasDataFile: Bool
    private let version: Int
    private let refcountOrder: Int
    private let compressionType: UInt8
    private let mappingOffset: Int
    private let mappingCount: Int
    private let refcountTableOffset: Int
    private let refcountTableClusters: Int

    private var clusterBytes: Int { 1 << clusterBits }
    private var clusterCount: Int { (bytes.count + clusterBytes - 1) >> clusterBits }
    private var entryBytes: Int { hasSubclusters ? 16 : 8 }

    private static let offsetMask: UInt64 = 0x00ff_ffff_ffff_fe00

    /// Reads the header; nothing when it is none.
    init?(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        guard bytes.count >= 72, Self.number(bytes, 0, 4) == 0x5146_49fb else { return nil }
        version = Int(Self.number(bytes, 4, 4))
        clusterBits = Int(Self.number(bytes, 20, 4))
        sizeBytes = Int(truncatingIfNeeded: Self.number(bytes, 24, 8))
        mappingCount = Int(Self.number(bytes, 36, 4))
        mappingOffset = Int(truncatingIfNeeded: Self.number(bytes, 40, 8))
        refcountTableOffset = Int(truncatingIfNeeded: Self.number(bytes, 48, 8))
        refcountTableClusters = Int(Self.number(bytes, 56, 4))
        let isNew = version == 3 && bytes.count >= 112
        let features = isNew ? Self.number(bytes, 72, 8) : 0
        isDirty = features & 1 != 0
        hasDataFile = features & 4 != 0
        hasSubclusters = features & 16 != 0
        refcountOrder = isNew ? Int(Self.number(bytes, 96, 4)) : 4
        compressionType = features & 8 != 0 ? bytes[104] : 0
        guard version == 2 || version == 3, (9...21).contains(clusterBits) else { return nil }
    }

    private static func number(
        _ bytes: UnsafeRawBufferPointer,
        _ offset: Int,
        _ count: Int
    ) -> UInt64 {
        guard offset >= 0, offset + count <= bytes.count else { return 0 }
        return count == 8
            ? UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            : UInt64(
                UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            )
    }

    private func word(_ offset: Int) -> UInt64 { Self.number(bytes, offset, 8) }

    // MARK: - Who refers to what

    /// Looks whether what is referred to is counted, lies in the file, and has one user.
    func check() -> Verdict {
        var uses = [UInt16](repeating: 0, count: clusterCount)
        var fault: String?
        func use(_ offset: Int, _ length: Int, _ what: String) {
            guard offset >= 0, length >= 0, offset + length <= clusterCount << clusterBits else {
                fault = fault ?? "\(what) at \(offset) is behind the end \(bytes.count)"
                return
            }
            guard length > 0 else { return }
            for cluster in (offset >> clusterBits)...((offset + length - 1) >> clusterBits) {
                uses[cluster] += 1
            }
        }
        use(0, clusterBytes, "header")
        use(mappingOffset, mappingCount * 8, "mapping table")
        use(refcountTableOffset, refcountTableClusters << clusterBits, "refcount table")
        for key in 0..<(refcountTableClusters << clusterBits / 8) {
            let block = word(refcountTableOffset + key * 8) & Self.offsetMask
            if block != 0 { use(Int(block), clusterBytes, "refcount block") }
        }
        var packed: Set<Int> = []
        walk { entry, what in
            if entry >> 62 & 1 != 0, what == "data" {
                let (offset, length) = packedRange(entry)
                let end = min(offset + length, max(clusterCount << clusterBits, offset + 1))
                use(offset, end - offset, "packed data")
                guard offset < end else { return }
                for cluster in (offset >> clusterBits)...((end - 1) >> clusterBits) {
                    packed.insert(cluster)
                }
            } else if what != "data" || !hasDataFile {
                let offset = Int(entry & Self.offsetMask)
                if offset & (clusterBytes - 1) != 0 {
                    fault = fault ?? "\(what) at \(offset) is not at a cluster's start"
                }
                use(offset, clusterBytes, what)
                let count = refcount(offset >> clusterBits)
                let isCopied = entry >> 63 != 0
                if !isDirty, isCopied != (count == 1) {
                    fault = fault ?? "\(what) at \(offset) counted \(count), copied \(isCopied)"
                }
            }
        }
        if let fault { return .corrupt(fault) }
        return compare(uses, packed)
    }

    private func compare(_ uses: [UInt16], _ packed: Set<Int>) -> Verdict {
        var leaks = 0
        for cluster in 0..<uses.count {
            let used = Int(uses[cluster])
            if used > 1, !packed.contains(cluster) {
                return .corrupt("cluster \(cluster) has \(used) users")
            }
            let counted = refcount(cluster)
            if isDirty || counted == used { continue }
            if counted < used {
                return .corrupt("cluster \(cluster) has \(used) users and is counted \(counted)")
            }
            leaks += 1
        }
        return leaks == 0 ? .clean : .leaks(leaks)
    }

    /// Every entry of both levels that refers to something.
    private func walk(_ visit: (UInt64, String) -> Void) {
        for key in 0..<mappingCount {
            let entry = word(mappingOffset + key * 8)
            let table = Int(entry & Self.offsetMask)
            if table == 0 { continue }
            visit(entry, "mapping table")
            for place in stride(from: table, to: table + clusterBytes, by: entryBytes) {
                let entry = word(place)
                if entry & Self.offsetMask != 0 || entry >> 62 & 1 != 0 { visit(entry, "data") }
            }
        }
    }

    private func refcount(_ cluster: Int) -> Int {
        let perBlock = (clusterBytes * 8) >> refcountOrder
        let key = cluster / perBlock
        guard key < refcountTableClusters << clusterBits / 8 else { return 0 }
        let block = Int(word(refcountTableOffset + key * 8) & Self.offsetMask)
        guard block != 0 else { return 0 }
        let bit = (cluster % perBlock) << refcountOrder
        let place = block + bit / 8
        guard place < bytes.count else { return 0 }
        if refcountOrder < 3 {
            return Int(bytes[place]) >> (bit % 8) & (1 << (1 << refcountOrder) - 1)
        }
        let width = 1 << (refcountOrder - 3)
        guard place + width <= bytes.count else { return 0 }
        return (0..<width).reduce(0) { $0 << 8 | Int(bytes[place + $1]) }
    }

    // MARK: - What a guest reads

    private func packedRange(_ entry: UInt64) -> (offset: Int, length: Int) {
        let shift = UInt64(62 - (clusterBits - 8))
        let offset = Int(entry & ((1 << shift) - 1))
        let sectors = Int(entry >> shift & ((1 << (62 - shift)) - 1)) + 1
        return (offset, sectors * 512 - offset % 512)
    }

    /// Where the content of a guest's sector of 512 bytes is.
    func content(_ sector: Int) -> Content {
        let position = sector * 512
        let perTable = clusterBytes / entryBytes
        let key = position >> clusterBits / perTable
        guard key < mappingCount else { return .zeroes }
        let table = Int(word(mappingOffset + key * 8) & Self.offsetMask)
        if table == 0 { return .below }
        let place = table + (position >> clusterBits % perTable) * entryBytes
        let entry = word(place)
        if entry >> 62 & 1 != 0 { return .packed(word: entry) }
        let inside = position & (clusterBytes - 1)
        let host = Int(entry & Self.offsetMask) + inside
        guard hasSubclusters else {
            if version > 2, entry & 1 != 0 { return .zeroes }
            return entry & Self.offsetMask != 0 || (hasDataFile && entry >> 63 != 0)
                ? .at(host) : .below
        }
        let bits = word(place + 8)
        let subcluster = UInt64(inside >> (clusterBits - 5))
        if bits >> (32 + subcluster) & 1 != 0 { return .zeroes }
        return bits >> subcluster & 1 != 0 ? .at(host) : .below
    }

    /// Unpacks a cluster.
    func unpack(_ word: UInt64, into memory: UnsafeMutableRawPointer) -> Bool {
        let (offset, length) = packedRange(word)
        guard let start = bytes.baseAddress, offset < bytes.count else { return false }
        return Compression.unpack(
            start + offset,
            min(length, bytes.count - offset),
            into: memory,
            clusterBytes,
            type: compressionType
        )
    }
}
