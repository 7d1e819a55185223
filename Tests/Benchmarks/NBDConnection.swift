import Glibc

/// A client's connection to one export of an NBD server on a Unix socket, past its handshake.
///
/// - SeeAlso: The NBD protocol document, "Fixed newstyle negotiation".
struct NBDConnection: ~Copyable {
    private static let serverMagic: UInt64 = 0x4e42_444d_4147_4943
    private static let optionMagic: UInt64 = 0x4948_4156_454f_5054
    private static let replyMagic: UInt64 = 0x0003_e889_0455_65a9
    private static let optionGo: UInt32 = 7
    private static let optionStructuredReply: UInt32 = 8
    private static let replyAck: UInt32 = 1
    private static let replyInfo: UInt32 = 3
    /// An honest server's answer to an option is far shorter.
    private static let replyBytesMax = 64 << 10
    /// How long a server may be silent before a measurement is given up.
    private static let silenceSecondsMax = 30

    let descriptor: Int32
    private(set) var exportBytes: UInt64 = 0

    /// Connects and asks for the export by name.
    static func open(
        socketPath: String,
        exportName: String,
        wantsStructuredReplies: Bool
    ) throws(BenchmarkError) -> NBDConnection {
        var connection = NBDConnection(descriptor: try connect(to: socketPath))
        try connection.greet()
        if wantsStructuredReplies {
            try connection.acknowledge(option: optionStructuredReply, data: [])
        }
        let name = Array(exportName.utf8)
        try connection.acknowledge(
            option: optionGo,
            data: BigEndian.bytes(UInt32(name.count)) + name + BigEndian.bytes(UInt16(0))
        )
        guard connection.exportBytes > 0 else {
            throw BenchmarkError("the server at \(socketPath) did not tell the export's size")
        }
        return connection
    }

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// The process that listens on the socket, as the kernel knows it.
    var serverProcess: pid_t? {
        // `struct ucred`, which Glibc shows to C programs only when they ask for GNU extensions.
        var credentials: (pid: pid_t, uid: uid_t, gid: gid_t) = (0, 0, 0)
        var length = socklen_t(MemoryLayout.size(ofValue: credentials))
        let result = getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length)
        return result == 0 && credentials.pid > 0 ? credentials.pid : nil
    }

    /// Whether somebody listens on the socket.
    static func accepts(socketPath: String) -> Bool {
        guard let descriptor = try? connect(to: socketPath) else { return false }  // "not yet"
        close(descriptor)
        return true
    }

    private static func connect(to path: String) throws(BenchmarkError) -> Int32 {
        var address = sockaddr_un()
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < capacity else {
            throw BenchmarkError("socket path \(path) is longer than \(capacity - 1) bytes")
        }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, length)
            }
        }
        guard result == 0 else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw BenchmarkError("cannot connect to \(path): \(reason)")
        }
        var silence = timeval(tv_sec: silenceSecondsMax, tv_usec: 0)
        let silenceBytes = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &silence, silenceBytes)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &silence, silenceBytes)
        return descriptor
    }

    private borrowing func greet() throws(BenchmarkError) {
        let greeting = try receive(18)
        guard BigEndian.integer(greeting, at: 0, as: UInt64.self) == Self.serverMagic,
            BigEndian.integer(greeting, at: 8, as: UInt64.self) == Self.optionMagic
        else { throw BenchmarkError("the server does not speak newstyle NBD") }
        // Bit 0 of both: fixed newstyle; bit 1: no zeroes behind the answer to EXPORT_NAME.
        let flags = BigEndian.integer(greeting, at: 16, as: UInt16.self)
        try send(BigEndian.bytes(UInt32(flags & 3)))
    }

    /// Sends one option and reads its answers up to the acknowledgement.
    private mutating func acknowledge(option: UInt32, data: [UInt8]) throws(BenchmarkError) {
        try send(
            BigEndian.bytes(Self.optionMagic) + BigEndian.bytes(option)
                + BigEndian.bytes(UInt32(data.count)) + data
        )
        while true {
            let header = try receive(20)
            let kind = BigEndian.integer(header, at: 12, as: UInt32.self)
            let length = Int(BigEndian.integer(header, at: 16, as: UInt32.self))
            guard BigEndian.integer(header, at: 0, as: UInt64.self) == Self.replyMagic,
                length <= Self.replyBytesMax
            else { throw BenchmarkError("the server answered option \(option) out of protocol") }
            let payload = try receive(length)
            if kind == Self.replyAck { return }
            guard kind == Self.replyInfo else {
                throw BenchmarkError("the server refused option \(option) with reply \(kind)")
            }
            // NBD_INFO_EXPORT: type 0, size, transmission flags.
            if length >= 12, BigEndian.integer(payload, at: 0, as: UInt16.self) == 0 {
                exportBytes = BigEndian.integer(payload, at: 2, as: UInt64.self)
            }
        }
    }

    private borrowing func send(_ bytes: [UInt8]) throws(BenchmarkError) {
        guard
            Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
        else { throw BenchmarkError("the server left the handshake") }
    }

    private borrowing func receive(_ count: Int) throws(BenchmarkError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        guard count == 0 || recv(descriptor, &bytes, count, Int32(MSG_WAITALL)) == count
        else { throw BenchmarkError("the server left the handshake") }
        return bytes
    }
}
