internal import CLinux
internal import Glibc
internal import RingLoop

/// Where to connect: an address as the kernel takes it, found before any loop needs it.
struct NBDSocketAddress: Sendable {
    let family: Int32
    let bytes: [UInt8]
    var isTCP: Bool { family != AF_UNIX }

    /// How long a TCP host may leave what it was sent without any acknowledgement.
    private static let silenceSecondsMax: Int32 = 15
    /// How long the handshake on one of several addresses may take.
    fileprivate static let turnNanoseconds: UInt64 = 3_000_000_000

    /// Finds the addresses of a place; may wait for a name server.
    static func resolve(_ place: NBDClientSettings.Place) throws(NBDRefusal) -> [Self] {
        switch place {
        case .unix(let path): [unix(path)]
        case .inet(let host, let port): try inet(host, port)
        }
    }

    private static func unix(_ path: String) -> Self {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { room in
            room.copyBytes(from: path.utf8.prefix(room.count - 1))
        }
        return Self(family: AF_UNIX, bytes: withUnsafeBytes(of: &address) { Array($0) })
    }

    private static func inet(_ host: String, _ port: UInt16) throws(NBDRefusal) -> [Self] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, String(port), &hints, &list)
        guard result == 0 else {
            throw NBDRefusal("its name is not known (\(String(cString: gai_strerror(result))))")
        }
        defer { freeaddrinfo(list) }
        var found: [Self] = []
        var next = list
        while let entry = next, found.count < 16 {
            if let address = entry.pointee.ai_addr {
                let raw = UnsafeRawBufferPointer(
                    start: address,
                    count: Int(entry.pointee.ai_addrlen)
                )
                found.append(Self(family: entry.pointee.ai_family, bytes: Array(raw)))
            }
            next = entry.pointee.ai_next
        }
        return found
    }

    /// Begins to connect, without a wait.
    ///
    /// - Returns: The socket, and whether the connection is still being made; or the failure.
    func connect() -> (fd: Int32, error: Int32) {
        let kind = Int32(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK
        let fd = socket(family, kind, 0)
        guard fd >= 0 else { return (-1, errno) }
        if isTCP {
            _ = clinux_set_no_delay(fd)
            // A host that is gone says nothing; one whose server hangs still answers for it.
            _ = clinux_set_peer_timeout(fd, Self.silenceSecondsMax)
        }
        var size: Int32 = 4 << 20
        // A wish: a socket without it still works.
        _ = setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        let result = bytes.withUnsafeBytes { raw -> Int32 in
            guard let start = raw.baseAddress else { return -1 }
            return Glibc.connect(
                fd,
                start.assumingMemoryBound(to: sockaddr.self),
                socklen_t(raw.count)
            )
        }
        guard result != 0 else { return (fd, 0) }
        let number = errno
        guard number == EINPROGRESS else {
            close(fd)
            return (-1, number)
        }
        return (fd, EINPROGRESS)
    }

    /// What became of a connection that was being made: 0, or an error number.
    static func outcome(_ fd: Int32) -> Int32 {
        var number: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &length) == 0 else { return errno }
        return number
    }
}

/// A connection whose handshake is over.
struct NBDConnected: Sendable {
    let fd: Int32
    let terms: NBDServerTerms

    /// Connects and shakes hands, waiting no longer than to the deadline; never on a loop.
    ///
    /// - Returns: The connection, and which address answered.
    static func make(
        _ addresses: [NBDSocketAddress],
        export: String,
        deadline: UInt64
    ) throws(NBDRefusal) -> (NBDConnected, place: Int) {
        var refusal = NBDRefusal("it has no address")
        for (place, address) in addresses.enumerated() {
            let isLast = place == addresses.count - 1
            let turn = MonotonicClock.now + NBDSocketAddress.turnNanoseconds
            let deadline = isLast ? deadline : min(deadline, turn)
            let (fd, error) = address.connect()
            guard fd >= 0 else {
                refusal = NBDRefusal("it cannot be reached: \(SystemError.words(of: error))")
                continue
            }
            do throws(NBDRefusal) {
                if error == EINPROGRESS {
                    try wait(fd, POLLOUT, deadline)
                    let outcome = NBDSocketAddress.outcome(fd)
                    guard outcome == 0 else {
                        throw NBDRefusal(
                            "it cannot be reached: \(SystemError.words(of: outcome))"
                        )
                    }
                }
                let terms = try shakeHands(fd, export, deadline)
                return (NBDConnected(fd: fd, terms: terms), place)
            } catch {
                close(fd)
                refusal = error
            }
        }
        throw refusal
    }

    private static func shakeHands(
        _ fd: Int32,
        _ export: String,
        _ deadline: UInt64
    ) throws(NBDRefusal) -> NBDServerTerms {
        var negotiation = NBDNegotiation(export: export)
        var input = [UInt8](repeating: 0, count: Int(NBDNegotiation.replyBytesMax))
        while true {
            if let terms = negotiation.result { return terms }
            var sent = 0
            while sent < negotiation.output.count {
                let count = negotiation.output[sent...].withUnsafeBytes {
                    Glibc.send(fd, $0.baseAddress, $0.count, CLINUX_MSG_NOSIGNAL)
                }
                if count < 0 { try retry(fd, POLLOUT, deadline) } else { sent += count }
            }
            negotiation.output = []
            var received = 0
            while received < negotiation.wantedBytes {
                let wanted = negotiation.wantedBytes - received
                let count = input.withUnsafeMutableBytes {
                    Glibc.recv(fd, $0.baseAddress.map { $0 + received }, wanted, 0)
                }
                guard count != 0 else { throw hungUp }
                if count < 0 { try retry(fd, POLLIN, deadline) } else { received += count }
            }
            let taken = input.withUnsafeBytes { bytes -> NBDRefusal? in
                guard let start = bytes.baseAddress else { return nil }
                do throws(NBDRefusal) { try negotiation.take(start) } catch { return error }
                return nil
            }
            if let taken { throw taken }
        }
    }

    /// How often a wait looks whether it is still wanted.
    private static let cancelMilliseconds: Int32 = 200

    private static var hungUp: NBDRefusal { NBDRefusal("it hung up during the handshake") }

    private static func retry(_ fd: Int32, _ events: Int32, _ deadline: UInt64) throws(NBDRefusal) {
        let number = errno
        guard number != EINTR else { return }
        guard number != ECONNRESET, number != EPIPE else { throw hungUp }
        guard number == EAGAIN else {
            throw NBDRefusal("the handshake failed: \(SystemError.words(of: number))")
        }
        try wait(fd, events, deadline)
    }

    private static func wait(_ fd: Int32, _ events: Int32, _ deadline: UInt64) throws(NBDRefusal) {
        while true {
            let now = MonotonicClock.now
            guard now < deadline else { throw NBDRefusal("it does not answer") }
            guard !Task.isCancelled else { throw NBDRefusal("nobody waits for it any more") }
            var entry = pollfd(fd: fd, events: Int16(events), revents: 0)
            let left = Int32(clamping: (deadline - now) / 1_000_000 + 1)
            if poll(&entry, 1, min(left, cancelMilliseconds)) > 0 { return }
        }
    }
}
