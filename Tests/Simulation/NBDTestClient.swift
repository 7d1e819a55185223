internal import Glibc

/// An NBD client of a test: shakes hands, sends any bytes, and reads with a time limit.
package final class NBDTestClient {
    /// The server is gone, or says no.
    package struct Refusal: Error {}

    /// The socket.
    package let fd: Int32
    /// The server's greeting; empty before ``enter(_:)``.
    package private(set) var greeting: [UInt8] = []
    /// Size of the export as the server told it.
    package private(set) var sizeBytes: UInt64 = 0

    private static let optionMagic: UInt64 = 0x4948_4156_454F_5054
    private static let requestMagic: UInt32 = 0x2560_9513
    /// `MSG_NOSIGNAL`.
    private static let noSignal: Int32 = 0x4000

    /// Connects to a Unix socket.
    ///
    /// - Throws: ``Refusal`` when nobody takes the connection.
    package init(_ socketPath: String) throws {
        fd = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: socketPath.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(fd, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw Refusal() }
    }

    deinit { close(fd) }

    /// Shakes hands with simple replies.
    ///
    /// - Throws: ``Refusal`` when the server does not serve that export.
    package func enter(_ export: String) throws {
        greeting = receive(18)
        guard greeting.count == 18 else { throw Refusal() }
        let name = Array(export.utf8)
        send(
            Self.big(UInt32(3)) + Self.big(Self.optionMagic) + Self.big(UInt32(7))
                + Self.big(UInt32(name.count + 6)) + Self.big(UInt32(name.count)) + name + [0, 0]
        )
        while true {
            let head = receive(20)
            guard head.count == 20 else { throw Refusal() }
            let kind = Self.number(head[12..<16])
            let data = receive(Int(Self.number(head[16..<20])))
            if kind == 1 { return }
            guard kind == 3, data.count >= 2 else { throw Refusal() }
            if Self.number(data[0..<2]) == 0 { sizeBytes = Self.number(data[2..<10]) }
        }
    }

    /// A command's bytes, without its payload.
    package static func command(
        _ type: UInt16,
        cookie: UInt64 = 1,
        offset: UInt64 = 0,
        length: UInt32 = 0,
        flags: UInt16 = 0
    ) -> [UInt8] {
        big(requestMagic) + big(flags) + big(type) + big(cookie) + big(offset) + big(length)
    }

    /// Sends bytes; what a server that has gone does not take is lost.
    package func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    fd,
                    $0.baseAddress.map { $0 + sent },
                    bytes.count - sent,
                    Self.noSignal
                )
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Reads so many bytes; fewer when the server has closed.
    package func receive(_ count: Int) -> [UInt8] {
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
    package var isAtEnd: Bool { receive(1).isEmpty }

    /// Whether something can be read already.
    package var hasInput: Bool {
        var query = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
        return poll(&query, 1, 0) > 0
    }

    /// A number's bytes, most significant first.
    package static func big(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    /// The number that bytes make, most significant first.
    package static func number(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
