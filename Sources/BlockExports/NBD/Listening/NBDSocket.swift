internal import CLinux
internal import Glibc
internal import RingLoop

/// Calls on sockets, each a thin function that turns -1 into a value; control plane and handshake.
enum NBDSocket {
    /// Clients that may wait to be accepted; the system may allow fewer (net.core.somaxconn).
    static let backlog: Int32 = 1024
    /// Bytes that a client's socket may hold in each direction, where the system allows it.
    static let bufferBytes: Int32 = 4 << 20

    /// A call that failed: its name and Linux error number.
    struct Failure: Error {
        let call: String
        let number: Int32

        /// The kernel's words.
        var words: String { "\(call): \(SystemError.words(of: number))" }

        static func last(_ call: String) -> Failure { Failure(call: call, number: errno) }
    }

    /// Binds a Unix socket whose file never has more rights than `mode`.
    static func bindUnix(path: String, mode: mode_t) throws(Failure) -> Int32 {
        let fd = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        guard fd >= 0 else { throw .last("socket") }
        // The file is made with the socket's own mode, less the umask; chmod gives the rest back.
        guard fchmod(fd, mode) == 0, withAddress(path, { bind(fd, $0, $1) }) == 0,
            chmod(path, mode) == 0
        else {
            let failure = Failure.last("bind")
            close(fd)
            throw failure
        }
        return fd
    }

    /// Whether somebody answers at a Unix socket; its file is stale when nobody does.
    static func answers(path: String) -> Bool {
        let fd = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0)
        guard fd >= 0 else { return true }
        defer { close(fd) }
        guard withAddress(path, { connect(fd, $0, $1) }) != 0 else { return true }
        return errno != ECONNREFUSED
    }

    /// Device and inode of a socket's file; nothing when there is none.
    static func identity(path: String) -> FileIdentity? {
        var facts = stat()
        guard lstat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFSOCK else { return nil }
        return FileIdentity(device: UInt64(facts.st_dev), inode: UInt64(facts.st_ino))
    }

    /// Which file it is.
    struct FileIdentity: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    private static func withAddress(
        _ path: String,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { room in
            room.copyBytes(from: path.utf8.prefix(room.count - 1))
        }
        return withUnsafeBytes(of: &address) { bytes in
            guard let start = bytes.baseAddress else { return -1 }
            return body(
                start.assumingMemoryBound(to: sockaddr.self),
                socklen_t(bytes.count)
            )
        }
    }

    /// Binds a TCP socket to the first address of a host that can be had.
    static func bindTCP(host: String, port: String) throws(Failure) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, port, &hints, &list)
        guard result == 0 else {
            throw Failure(call: "getaddrinfo", number: result == EAI_SYSTEM ? errno : ENOENT)
        }
        defer { freeaddrinfo(list) }
        var failure = Failure(call: "getaddrinfo", number: ENOENT)
        var next = list
        while let entry = next {
            do throws(Failure) {
                return try bindTCP(entry.pointee)
            } catch {
                failure = error
            }
            next = entry.pointee.ai_next
        }
        throw failure
    }

    private static func bindTCP(_ entry: addrinfo) throws(Failure) -> Int32 {
        let fd = socket(entry.ai_family, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        guard fd >= 0 else { throw .last("socket") }
        // Connections of before that linger must not keep the port from being used again.
        set(fd, SOL_SOCKET, SO_REUSEADDR, 1)
        if entry.ai_family == AF_INET6 { set(fd, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
        guard bind(fd, entry.ai_addr, entry.ai_addrlen) == 0, listen(fd, backlog) == 0 else {
            let failure = Failure.last("bind")
            close(fd)
            throw failure
        }
        return fd
    }

    /// Makes a client's socket fit for bulk: room for whole replies, no delay, dead peers noticed.
    static func tune(_ fd: Int32, isTCP: Bool) {
        set(fd, SOL_SOCKET, SO_SNDBUF, bufferBytes)
        guard isTCP else { return }
        _ = clinux_set_no_delay(fd)
        _ = clinux_set_keep_alive(fd)
    }

    /// Address and port of a client that came over TCP.
    static func peer(_ fd: Int32) -> String {
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var port = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        let result = withUnsafeMutableBytes(of: &address) { bytes -> Int32 in
            guard let start = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                getpeername(fd, start, &length) == 0
            else { return -1 }
            return getnameinfo(
                start,
                length,
                &host,
                socklen_t(host.count),
                &port,
                socklen_t(port.count),
                NI_NUMERICHOST | NI_NUMERICSERV
            )
        }
        guard result == 0 else { return "tcp" }
        let name = text(host)
        return "\(name.contains(":") ? "[\(name)]" : name):\(text(port))"
    }

    private static func text(_ bytes: [CChar]) -> String {
        String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func set(_ fd: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        // Wishes: a socket without them still works.
        _ = setsockopt(fd, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}
