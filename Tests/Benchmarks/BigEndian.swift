/// Numbers in the byte order of the network.
enum BigEndian {
    /// The bytes of a number, the most significant first.
    static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    /// The number at an offset.
    ///
    /// - Precondition: The bytes hold the whole number.
    static func integer<Number: FixedWidthInteger>(
        _ bytes: [UInt8],
        at offset: Int,
        as type: Number.Type
    ) -> Number {
        bytes[offset..<offset + MemoryLayout<Number>.size].reduce(0) { $0 << 8 | Number($1) }
    }
}
