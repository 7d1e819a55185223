/// Numbers in the order in which images keep them, at any address.
extension UnsafeRawPointer {
    func bigUInt32(_ offset: Int) -> UInt32 {
        UInt32(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    func bigUInt64(_ offset: Int) -> UInt64 {
        UInt64(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}

extension UnsafeMutableRawPointer {
    func setBig(_ value: UInt16, _ offset: Int) {
        storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt16.self)
    }

    func setBig(_ value: UInt32, _ offset: Int) {
        storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt32.self)
    }

    func setBig(_ value: UInt64, _ offset: Int) {
        storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt64.self)
    }
}

extension [UInt8] {
    /// A big-endian number of so many bytes, at most 8; the caller has checked the bounds.
    func big(_ offset: Int, _ count: Int) -> UInt64 {
        self[offset..<(offset + count)].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Adds a big-endian number of so many bytes.
    mutating func appendBig(_ value: UInt64, _ count: Int) {
        for place in (0..<count).reversed() {
            append(UInt8(truncatingIfNeeded: value >> UInt64(place * 8)))
        }
    }

    /// Puts a big-endian number of so many bytes over others; the caller has checked the bounds.
    mutating func putBig(_ value: UInt64, _ count: Int, at offset: Int) {
        for place in 0..<count {
            self[offset + place] = UInt8(
                truncatingIfNeeded: value >> UInt64((count - 1 - place) * 8)
            )
        }
    }
}
