import Glibc
import Testing

@testable import BlockExports

/// A client that sends any bytes, and reads with a time limit.
final class RawClient {
    let fd: Int32

    /// Nobody answers.
    struct Refusal: Error { let number: Int32 }

    init(_ path: String) throws {
        fd = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(fd, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw Refusal(number: errno) }
    }

    deinit { close(fd) }

    func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(fd, $0.baseAddress.map { $0 + sent }, bytes.count - sent, 0x4000)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Reads so many bytes; fewer when the server has closed.
    func receive(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var received = 0
        while received < count {
            let result = bytes.withUnsafeMutableBytes {
                recv(fd, $0.baseAddress.map { $0 + received }, count - received, 0)
            }
            // A ring that is closed elsewhere interrupts the thread that made it.
            if result < 0, errno == EINTR { continue }
            guard result > 0 else { break }
            received += result
        }
        return Array(bytes.prefix(received))
    }

    /// Whether the server has closed.
    var isAtEnd: Bool { receive(1).isEmpty }

    /// Shakes hands with simple replies.
    func enter(_ name: String = "disk") throws {
        #expect(receive(18) == NBDHandshake.greeting)
        send([0, 0, 0, 3] + HandshakeDrill.option(7, HandshakeDrill.goData(name)))
        try #require(receive(32 + 20).count == 52)
    }

    static func command(
        _ type: UInt16,
        cookie: UInt64 = 1,
        offset: UInt64 = 0,
        length: UInt32 = 0,
        flags: UInt16 = 0
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: NBDCommand.magic)
        bytes.append(bigEndian: flags)
        bytes.append(bigEndian: type)
        bytes.append(bigEndian: cookie)
        bytes.append(bigEndian: offset)
        bytes.append(bigEndian: length)
        return bytes
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
