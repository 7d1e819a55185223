import Testing

@testable import BlockExports

@Suite("NBD request counter")
struct NBDRequestCounterTests {
    /// Two reads, a write of 100 bytes, a flush and a farewell.
    private static let stream: [UInt8] =
        header(.read, 4096) + header(.read, 1) + header(.write, 100)
        + [UInt8](repeating: 0x25, count: 100) + header(.flush, 0) + header(.disconnect, 0)

    @Test("requests are counted alike however their bytes are cut, and a farewell is none")
    func pieces() {
        for cut in 0...Self.stream.count {
            var counter = NBDRequestCounter()
            Self.stream[..<cut].withUnsafeBytes { counter.read($0) }
            Self.stream[cut...].withUnsafeBytes { counter.read($0) }
            #expect(counter.count == 4, "cut at \(cut)")
        }
        var counter = NBDRequestCounter()
        for byte in Self.stream { withUnsafeBytes(of: byte) { counter.read($0) } }
        #expect(counter.count == 4)
    }

    @Test("a header that is not whole is no request yet")
    func incomplete() {
        var counter = NBDRequestCounter()
        Self.stream[..<55].withUnsafeBytes { counter.read($0) }
        #expect(counter.count == 1)
    }

    @Test("within the payload of a request the next one begins after it")
    func payload() {
        var counter = NBDRequestCounter(inPayloadOf: 1, restBytes: 10)
        let bytes = [UInt8](repeating: 0, count: 10) + Self.stream
        bytes.withUnsafeBytes { counter.read($0) }
        #expect(counter.count == 5)
    }

    @Test("behind what is no request nothing is counted")
    func garbage() {
        var counter = NBDRequestCounter()
        let bytes = Self.header(.read, 1) + [UInt8](repeating: 7, count: 28) + Self.stream
        bytes.withUnsafeBytes { counter.read($0) }
        #expect(counter.count == 1)
    }

    private static func header(_ type: NBDCommandType, _ lengthBytes: UInt32) -> [UInt8] {
        bytes(NBDCommand.magic) + [0, 0] + bytes(type.rawValue) + bytes(UInt64(77))
            + bytes(UInt64(0)) + bytes(lengthBytes)
    }

    private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }
}
