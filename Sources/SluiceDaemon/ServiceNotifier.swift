internal import Glibc
internal import RingLoop

/// Tells systemd how it goes, when it wants to know: one datagram each, without a library.
struct ServiceNotifier: Sendable {
    /// What can be told.
    enum Word: Sendable {
        /// The graph is live and listeners accept.
        case ready
        /// The sources are read again; ``ready`` follows.
        case reloading
        /// Requests are finished, then the daemon ends.
        case stopping
        /// The control plane turns.
        case watchdog
        /// Only the line for people has changed.
        case status
    }

    private let socketName: String?
    private let isWatched: Bool
    /// The last line for people, so that it is sent when it changes only.
    private let lastStatus = Locked("")

    /// Reads from the environment where to tell it.
    init() {
        socketName = Self.variable("NOTIFY_SOCKET")
        isWatched = Self.variable("WATCHDOG_USEC") != nil
    }

    /// Tells one thing.
    func send(_ word: Word, status: String? = nil) {
        guard let socketName else { return }
        var lines: [String] = []
        switch word {
        case .ready: lines.append("READY=1")
        case .reloading:
            var now = timespec()
            clock_gettime(CLOCK_MONOTONIC, &now)
            let microseconds = Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1_000
            lines = ["RELOADING=1", "MONOTONIC_USEC=\(microseconds)"]
        case .stopping: lines.append("STOPPING=1")
        case .watchdog: if isWatched { lines.append("WATCHDOG=1") }
        case .status: break
        }
        if let status, isNews(status) { lines.append("STATUS=\(status)") }
        guard !lines.isEmpty else { return }
        deliver(lines.joined(separator: "\n"), to: socketName)
    }

    private func isNews(_ status: String) -> Bool {
        lastStatus.withLock { last in
            defer { last = status }
            return last != status
        }
    }

    /// A manager that does not listen is no reason to do anything else.
    private func deliver(_ text: String, to name: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var path = Array(name.utf8)
        // An abstract name is written with an at sign and begins with a zero.
        if path.first == UInt8(ascii: "@") { path[0] = 0 }
        guard !path.isEmpty, path.count < MemoryLayout.size(ofValue: address.sun_path) else {
            return
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let length = MemoryLayout<sa_family_t>.size + path.count
        let kind = CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                while sendto(
                    descriptor,
                    bytes,
                    bytes.count,
                    CInt(MSG_NOSIGNAL),
                    address,
                    socklen_t(length)
                ) < 0, errno == EINTR {}
            }
        }
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}
