extension Qcow2Header {
    /// Reads a header.
    ///
    /// - Parameter bytes: The file's first bytes: a whole cluster, or as much of it as there is.
    /// - Throws: ``Qcow2Fault``.
    init(_ bytes: [UInt8]) throws(Qcow2Fault) {
        guard bytes.count >= Self.version2Bytes, bytes.big(0, 4) == UInt64(Self.magic) else {
            throw Qcow2Fault("it does not begin as a qcow2 image does")
        }
        version = UInt32(bytes.big(4, 4))
        guard version == 2 || version == 3 else {
            throw Qcow2Fault("its version is \(version), and only 2 and 3 are known")
        }
        clusterBits = UInt32(bytes.big(20, 4))
        sizeBytes = bytes.big(24, 8)
        let encryption = bytes.big(32, 4)
        mappingCount = UInt32(bytes.big(36, 4))
        mappingOffset = bytes.big(40, 8)
        refcountTableOffset = bytes.big(48, 8)
        refcountTableClusters = UInt32(bytes.big(56, 4))
        snapshotCount = UInt32(bytes.big(60, 4))
        snapshotsOffset = bytes.big(64, 8)
        incompatible = []
        compatible = 0
        autoclear = 0
        refcountOrder = 4
        headerBytes = UInt32(Self.version2Bytes)
        compressionType = 0
        if version == 3 { try readVersion3(bytes) }
        guard
            (Qcow2Geometry.clusterBitsMin...Qcow2Geometry.clusterBitsMax).contains(clusterBits)
        else {
            throw Qcow2Fault("its clusters have 2^\(clusterBits) bytes, and 2^9 to 2^21 are known")
        }
        guard encryption == 0 else {
            throw Qcow2Fault("it is encrypted (method \(encryption)), which is not supported")
        }
        try readNames(bytes)
        try check()
    }

    private mutating func readVersion3(_ bytes: [UInt8]) throws(Qcow2Fault) {
        guard bytes.count >= Self.version3Bytes else { throw Qcow2Fault("its header is cut off") }
        incompatible = Incompatible(rawValue: bytes.big(72, 8))
        compatible = bytes.big(80, 8)
        autoclear = bytes.big(88, 8)
        refcountOrder = UInt32(bytes.big(96, 4))
        headerBytes = UInt32(bytes.big(100, 4))
        guard headerBytes >= Self.version3Bytes, headerBytes % 8 == 0,
            Int(headerBytes) <= bytes.count,
            clusterBits > 31 || headerBytes <= 1 << clusterBits
        else { throw Qcow2Fault("its header claims to have \(headerBytes) bytes") }
        if headerBytes > 104 { compressionType = bytes[104] }
        let unknown = incompatible.subtracting(.known)
        guard unknown.isEmpty else {
            throw Qcow2Fault(
                "it needs features that are not known: " + Self.names(of: unknown, in: bytes)
            )
        }
        guard refcountOrder <= 6 else {
            throw Qcow2Fault("its reference counts have 2^\(refcountOrder) bits, more than 64")
        }
        let isOther = incompatible.contains(.compressionType)
        guard isOther == (compressionType != 0) else {
            throw Qcow2Fault("its compression type does not go with its feature bits")
        }
        guard compressionType <= 1 else {
            throw Qcow2Fault("its compression type \(compressionType) is not known")
        }
        if incompatible.contains(.extendedEntries), clusterBits < 14 {
            throw Qcow2Fault("its clusters are too small for extended entries")
        }
    }

    private func check() throws(Qcow2Fault) {
        let mask = (UInt64(1) << UInt64(clusterBits)) - 1
        guard sizeBytes <= UInt64(Int64.max) else { throw Qcow2Fault("its size is \(sizeBytes)") }
        guard mappingOffset & mask == 0, mappingOffset < 1 << 56 else {
            throw Qcow2Fault("its mapping table is at \(mappingOffset), not at a cluster's start")
        }
        guard UInt64(mappingCount) * 8 <= Self.mappingBytesMax else {
            throw Qcow2Fault("its mapping table of \(mappingCount) entries is too large")
        }
        let needed = geometry.tablesNeeded(sizeBytes)
        guard UInt64(mappingCount) >= needed else {
            throw Qcow2Fault(
                "its mapping table has \(mappingCount) entries, and its size of \(sizeBytes) bytes "
                    + "needs \(needed)"
            )
        }
        guard mappingCount == 0 || mappingOffset != 0 else {
            throw Qcow2Fault("its mapping table lies over its header")
        }
        guard refcountTableOffset & mask == 0, refcountTableOffset != 0,
            refcountTableOffset < 1 << 56
        else {
            throw Qcow2Fault(
                "its reference count table is at \(refcountTableOffset), not at a cluster's start"
            )
        }
        let tableBytes = UInt64(refcountTableClusters) << UInt64(clusterBits)
        guard refcountTableClusters > 0, tableBytes <= Self.refcountTableBytesMax else {
            throw Qcow2Fault(
                "its reference count table of \(refcountTableClusters) clusters is impossible"
            )
        }
        guard snapshotCount <= Self.snapshotCountMax, snapshotsOffset & mask == 0,
            snapshotsOffset < 1 << 56
        else {
            throw Qcow2Fault(
                "its table of \(snapshotCount) snapshots at \(snapshotsOffset) is impossible"
            )
        }
        if incompatible.contains(.dataFile), snapshotCount > 0 {
            throw Qcow2Fault("it has both a data file and snapshots")
        }
        if autoclear & Self.rawDataFileFlag != 0, incompatible.contains(.dataFile),
            backingName != nil
        {
            throw Qcow2Fault("it has both a raw data file and a backing image")
        }
    }

    /// Reads the backing name and the header extensions.
    private mutating func readNames(_ bytes: [UInt8]) throws(Qcow2Fault) {
        let end = min(bytes.count, 1 << Int(clusterBits))
        var extensionsEnd = end
        let nameOffset = bytes.big(8, 8)
        if nameOffset != 0 {
            let length = bytes.big(16, 4)
            guard length <= UInt64(Self.nameBytesMax), nameOffset >= UInt64(headerBytes),
                nameOffset <= UInt64(end), length <= UInt64(end) - nameOffset
            else { throw Qcow2Fault("its backing name of \(length) bytes lies at \(nameOffset)") }
            let start = Int(nameOffset)
            if length > 0 {
                backingName = Self.text(bytes[start..<(start + Int(length))])
            }
            extensionsEnd = start
        }
        var place = Int(headerBytes)
        while place + 8 <= extensionsEnd {
            let kind = bytes.big(place, 4)
            let length = bytes.big(place + 4, 4)
            if kind == 0 { break }
            let start = place + 8
            guard length <= UInt64(extensionsEnd - start) else {
                throw Qcow2Fault("a header extension of \(length) bytes does not fit")
            }
            let content = bytes[start..<(start + Int(length))]
            switch kind {
            case 0xe279_2aca: backingFormat = Self.text(content)
            case 0x2385_2875: hasBitmaps = true
            case 0x4441_5441: dataFileName = Self.text(content)
            default: break
            }
            place = start + (Int(length) + 7) / 8 * 8
        }
    }

    /// Bytes of a name as text that can be shown.
    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self).unicodeScalars.reduce(into: "") { text, scalar in
            text.unicodeScalars.append(scalar.value < 32 || scalar.value == 127 ? "?" : scalar)
        }
    }

    /// Names of features, from the image's own table if it has one.
    private static func names(of features: Incompatible, in bytes: [UInt8]) -> String {
        var names: [UInt8: String] = [:]
        var place = Int(bytes.big(100, 4))
        while place + 8 <= bytes.count {
            let kind = bytes.big(place, 4)
            let length = Int(bytes.big(place + 4, 4))
            if kind == 0 || length > bytes.count - place - 8 { break }
            if kind == 0x6803_f857 {
                for entry in stride(from: place + 8, to: place + 8 + length - 47, by: 48)
                where bytes[entry] == 0 {
                    let name = bytes[(entry + 2)..<(entry + 48)].prefix { $0 != 0 }
                    names[bytes[entry + 1]] = text(name)
                }
            }
            place += 8 + (length + 7) / 8 * 8
        }
        let bits = (UInt8(0)..<64).filter { features.rawValue >> UInt64($0) & 1 != 0 }
        return bits.map { names[$0] ?? "bit \($0)" }.joined(separator: ", ")
    }
}
