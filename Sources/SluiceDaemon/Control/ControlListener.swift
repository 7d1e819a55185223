internal import Glibc

/// Why the control socket could not be opened.
package struct ControlListenerError: Error, Hashable, Sendable {
    /// Whether another daemon listens there.
    package let isBusy: Bool
    /// A sentence: what was tried, what was met, what may help.
    package let reason: String
}

/// The control socket before anybody is served: bound, with its mode, in place of a stale one.
enum ControlListener {
    /// Who may connect: the owner and the group; the server then looks at the peer itself.
    static let mode: mode_t = 0o660
    /// Connections that wait to be accepted.
    static let backlog: CInt = 64

    /// Opens a socket that listens.
    ///
    /// - Parameters:
    ///   - path: Where; its directory is made when it is missing.
    ///   - group: Name of the group that may connect, where the host has it.
    /// - Returns: The descriptor, which the caller closes.
    /// - Throws: ``ControlListenerError`` when somebody else listens or the path cannot be used.
    static func open(
        path: String,
        group: String? = nil
    ) throws(ControlListenerError) -> CInt {
        makeParent(of: path)
        try removeStale(path)
        let descriptor = socket(AF_UNIX, streamSocket, 0)
        guard descriptor >= 0 else { throw failure("make a socket for", path) }
        // The mode is set before the name exists, so that there is no moment with a wider one.
        guard fchmod(descriptor, mode) == 0,
            try withAddress(of: path, { bind(descriptor, $0, $1) }) == 0,
            listen(descriptor, backlog) == 0
        else {
            let error = failure("listen on", path)
            close(descriptor)
            throw error
        }
        _ = chmod(path, mode)
        // The answer is in memory that all such calls share; nobody else asks for groups.
        if let group, let entry = getgrnam(group) {
            _ = chown(path, .max, entry.pointee.gr_gid)
        }
        return descriptor
    }

    /// Removes a socket on which nobody listens.
    private static func removeStale(_ path: String) throws(ControlListenerError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw ControlListenerError(
                isBusy: false,
                reason: "\(path) is in the way and is no socket; name another with --control"
            )
        }
        // Not blocking: a daemon that hangs would have us wait in its queue for ever.
        let probe = socket(AF_UNIX, streamSocket | CInt(SOCK_NONBLOCK.rawValue), 0)
        guard probe >= 0 else { throw failure("make a socket for", path) }
        defer { close(probe) }
        let connected = try withAddress(of: path) { connect(probe, $0, $1) }
        guard connected != 0, errno != EAGAIN else {
            throw ControlListenerError(
                isBusy: true,
                reason: "another daemon listens on \(path); stop it, or name another socket with "
                    + "--control"
            )
        }
        guard errno == ECONNREFUSED, unlink(path) == 0 else {
            throw failure("replace the socket", path)
        }
    }

    private static func makeParent(of path: String) {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
        var current = ""
        for part in path[..<slash].split(separator: "/") {
            current += "/" + part
            mkdir(current, 0o755)
        }
    }

    private static let streamSocket = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)

    private static func withAddress(
        of path: String,
        _ use: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) throws(ControlListenerError) -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < room else {
            throw ControlListenerError(
                isBusy: false,
                reason: "the path of the control socket has \(path.utf8.count) bytes and Linux "
                    + "takes at most \(room - 1): \(path); name a shorter one with --control"
            )
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                use($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func failure(_ verb: String, _ path: String) -> ControlListenerError {
        ControlListenerError(
            isBusy: false,
            reason: "could not \(verb) \(path): \(String(cString: strerror(errno))); "
                + "name a socket in a directory that this user can write with --control"
        )
    }
}
