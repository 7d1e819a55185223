import Testing

@testable import sluice_benchmark

@Suite("Reply reader")
struct ReplyReaderTests {
    private static func simple(_ cookie: UInt64, error: UInt32 = 0, payload: Int = 0) -> [UInt8] {
        BigEndian.bytes(UInt32(0x6744_6698)) + BigEndian.bytes(error)
            + BigEndian.bytes(UInt64(bigEndian: cookie)) + [UInt8](repeating: 7, count: payload)
    }

    private static func chunk(
        _ cookie: UInt64,
        flags: UInt16,
        kind: UInt16,
        payload: Int
    ) -> [UInt8] {
        BigEndian.bytes(UInt32(0x668e_33ef)) + BigEndian.bytes(flags) + BigEndian.bytes(kind)
            + BigEndian.bytes(UInt64(bigEndian: cookie)) + BigEndian.bytes(UInt32(payload))
            + [UInt8](repeating: 9, count: payload)
    }

    /// Hands over bytes in pieces of one size and returns the slots in the order of their answers.
    private static func feed(
        _ bytes: [UInt8],
        pieces: Int,
        to reader: inout ReplyReader
    ) throws -> [Int] {
        var answered: [Int] = []
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            var piece = Array(bytes[start..<min(start + pieces, bytes.count)])
            let count = piece.count
            try piece.withUnsafeMutableBytes { buffer in
                if let base = buffer.baseAddress { try reader.take(base, count: count) }
            }
            var slot = reader.popFinished()
            while slot >= 0 {
                answered.append(slot)
                slot = reader.popFinished()
            }
        }
        return answered
    }

    @Test("replies are matched however the stream is cut", arguments: 1...100)
    func cuts(pieces: Int) throws {
        var reader = ReplyReader(slots: 3, payloadBytes: 64)
        let cookies = (0..<3).map { reader.begin(slot: $0, now: 1) }
        let bytes =
            Self.simple(cookies[2], payload: 64)
            + Self.chunk(cookies[0], flags: 0, kind: 1, payload: 8 + 64)
            + Self.chunk(cookies[0], flags: 1, kind: 0, payload: 0)
            + Self.chunk(cookies[1], flags: 1, kind: 2, payload: 12)
        #expect(try Self.feed(bytes, pieces: pieces, to: &reader).sorted() == [0, 1, 2])
    }

    @Test("an answer that nobody asked for is an error")
    func strangers() {
        var reader = ReplyReader(slots: 1, payloadBytes: 0)
        let cookie = reader.begin(slot: 0, now: 1)
        #expect(throws: BenchmarkError.self) {
            try Self.feed(Self.simple(cookie &+ 256), pieces: 16, to: &reader)
        }
    }

    @Test("a second answer to one request is an error")
    func twice() {
        var reader = ReplyReader(slots: 1, payloadBytes: 0)
        let cookie = reader.begin(slot: 0, now: 1)
        let bytes = Self.simple(cookie) + Self.simple(cookie)
        #expect(throws: BenchmarkError.self) { try Self.feed(bytes, pieces: 16, to: &reader) }
    }

    @Test("an error in a reply and a short structured reply are errors")
    func failures() {
        var reader = ReplyReader(slots: 1, payloadBytes: 64)
        let cookie = reader.begin(slot: 0, now: 1)
        #expect(throws: BenchmarkError.self) {
            try Self.feed(Self.simple(cookie, error: 5), pieces: 16, to: &reader)
        }
        var other = ReplyReader(slots: 1, payloadBytes: 64)
        let second = other.begin(slot: 0, now: 1)
        #expect(throws: BenchmarkError.self) {
            try Self.feed(
                Self.chunk(second, flags: 1, kind: 1, payload: 8 + 32),
                pieces: 20,
                to: &other
            )
        }
    }
}
