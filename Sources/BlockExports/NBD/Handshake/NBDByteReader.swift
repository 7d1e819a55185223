/// Reads big-endian fields from the front of bytes; nothing when they are too short.
struct NBDByteReader {
    private var rest: ArraySlice<UInt8>

    /// Reads these bytes.
    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// Bytes that are left.
    var remainingCount: Int { rest.count }

    /// The next number.
    mutating func number<Number: FixedWidthInteger & UnsignedInteger>(
        _ type: Number.Type
    ) -> Number? {
        guard let field = bytes(count: MemoryLayout<Number>.size) else { return nil }
        return field.reduce(0) { ($0 << 8) | Number($1) }
    }

    /// The next bytes.
    mutating func bytes(count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, count <= rest.count else { return nil }
        let field = rest.prefix(count)
        rest = rest.dropFirst(count)
        return field
    }
}

extension [UInt8] {
    /// Adds a number, most significant byte first.
    mutating func append<Number: FixedWidthInteger>(bigEndian number: Number) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }
}
