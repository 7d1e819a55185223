import Glibc
import Testing

/// An NBD client that waits for each answer, or for none.
final class DiskClient {
    /// What a server said.
    struct Answer: Equatable {
        var errorNumber: UInt32
        var bytes: [UInt8] = []
    }

    /// The server is gone, or says no.
    struct Refusal: Error {}

    private let fd: Int32
    private var cookie: UInt64 = 0
    /// Size of the disk as the server told it.
    private(set) var sizeBytes: UInt64 = 0

    /// Connects and shakes hands.
    init(_ socketPath: String, export: String) throws {
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
        guard result == 0, receive(18).count == 18 else { throw Refusal() }
        let name = Array(export.utf8)
        send(
            Self.big(UInt32(3)) + Self.big(UInt64(0x4948_4156_454F_5054)) + Self.big(UInt32(7))
                + Self.big(UInt32(name.count + 6)) + Self.big(UInt32(name.count)) + name + [0, 0]
        )
        while true {
            let head = receive(20)
            guard head.count == 20 else { throw Refusal() }
            let kind = Self.number(head[12..<16])
            let data = receive(Int(Self.number(head[16..<20])))
            if kind == 1 { return }
            guard kind == 3 else { throw Refusal() }
            if Self.number(data[0..<2]) == 0 { sizeBytes = Self.number(data[2..<10]) }
        }
    }

    deinit { close(fd) }

    /// Reads.
    func read(_ offset: UInt64 = 0, _ length: Int = 512) -> Answer? {
        sendRead(offset, length)
        return answer(payload: length)
    }

    /// Writes.
    func write(_ offset: UInt64 = 0, _ bytes: [UInt8]) -> Answer? {
        command(1, offset, bytes.count)
        send(bytes)
        return answer(payload: 0)
    }

    /// Makes everything durable.
    func flush() -> Answer? {
        command(3, 0, 0)
        return answer(payload: 0)
    }

    /// Sends a read and does not wait.
    func sendRead(_ offset: UInt64 = 0, _ length: Int = 512) { command(0, offset, length) }

    /// Sends any command without payload and does not wait.
    func command(_ type: UInt16, _ offset: UInt64, _ length: Int) {
        cookie += 1
        send(
            Self.big(UInt32(0x2560_9513)) + Self.big(UInt16(0)) + Self.big(type)
                + Self.big(cookie) + Self.big(offset) + Self.big(UInt32(length))
        )
    }

    /// Waits for one answer; nothing when the server has closed.
    func answer(payload length: Int) -> Answer? {
        let head = receive(16)
        guard head.count == 16, Self.number(head[0..<4]) == 0x6744_6698 else { return nil }
        let error = UInt32(Self.number(head[4..<8]))
        guard error == 0 else { return Answer(errorNumber: error) }
        return Answer(errorNumber: 0, bytes: receive(length))
    }

    /// Whether an answer is there already.
    var hasAnswer: Bool {
        var query = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
        return poll(&query, 1, 0) > 0
    }

    private func send(_ bytes: [UInt8]) {
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

    private func receive(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var received = 0
        while received < count {
            let result = bytes.withUnsafeMutableBytes {
                recv(fd, $0.baseAddress.map { $0 + received }, count - received, 0)
            }
            if result < 0, errno == EINTR { continue }
            guard result > 0 else { break }
            received += result
        }
        return Array(bytes.prefix(received))
    }

    private static func big(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }

    private static func number(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}
