import Simulation
import Testing

@testable import BlockExports

/// A client that sends any bytes, and reads with a time limit.
typealias RawClient = NBDTestClient

extension NBDTestClient {
    /// Shakes hands with simple replies, with the disk of the test.
    func enter() throws {
        try enter("disk")
        #expect(greeting == NBDHandshake.greeting)
    }

    /// Reads a simple reply without payload.
    func reply() throws -> (error: UInt32, cookie: UInt64) {
        let bytes = receive(16)
        var reader = NBDByteReader(bytes[...])
        let magic = reader.number(UInt32.self)
        let error = reader.number(UInt32.self)
        let cookie = reader.number(UInt64.self)
        #expect(magic == NBDReply.simpleMagic)
        return (try #require(error), try #require(cookie))
    }
}
