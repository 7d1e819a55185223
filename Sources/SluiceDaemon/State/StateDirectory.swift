internal import Glibc

/// Why the state on disk could not be read or written.
package struct StateError: Error, Hashable, Sendable {
    /// What a caller may want to tell apart.
    package enum Code: String, Hashable, Sendable {
        /// Another daemon works with this directory.
        case busy
        /// The directory or a file in it cannot be read or written.
        case unwritable = "E0810"
    }

    /// What kind of failure it is.
    package let code: Code
    /// File or directory.
    package let path: String
    /// A sentence: what was tried, what was met, what may help.
    package let reason: String
}

/// The daemon's own directory: one process at a time, and files that are whole or absent.
package final class StateDirectory: Sendable {
    /// Absolute path.
    package let path: String
    private let descriptor: CInt
    private let lock: CInt

    /// Makes the directory when it is missing and locks it for this process.
    ///
    /// - Throws: ``StateError`` when another daemon has it or nothing can be written.
    package init(path: String) throws(StateError) {
        self.path = path
        try Self.makeDirectories(path)
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("open", path) }
        lock = openat(descriptor, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else {
            let error = Self.failure("open", path + "/lock")
            close(descriptor)
            throw error
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            close(descriptor)
            throw StateError(
                code: .busy,
                path: path,
                reason: "another sluice daemon works with \(path); stop it, or give this one a "
                    + "--state-dir of its own"
            )
        }
    }

    deinit {
        // A child that is about to become another program holds a copy of the descriptor: closing
        // ours alone would leave the lock with it for a moment.
        flock(lock, LOCK_UN)
        close(lock)
        close(descriptor)
    }

    /// The whole of a file, or `nil` when there is none.
    package func read(_ name: String) throws(StateError) -> [UInt8]? {
        let file = openat(descriptor, name, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw Self.failure("read", path + "/" + name)
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk: [UInt8] = Array(repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count == 0 { return bytes }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure("read", path + "/" + name) }
            bytes += chunk[..<count]
        }
    }

    /// Puts a file in place, whole, so that it outlives a power cut.
    package func replace(_ name: String, with bytes: [UInt8]) throws(StateError) {
        let temporary = name + ".new"
        let file = openat(descriptor, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Self.failure("write", path + "/" + temporary) }
        do throws(StateError) {
            try write(bytes, to: file, name: temporary)
            guard fsync(file) == 0 else { throw Self.failure("flush", path + "/" + temporary) }
        } catch {
            close(file)
            throw error
        }
        close(file)
        guard renameat(descriptor, temporary, descriptor, name) == 0, fsync(descriptor) == 0 else {
            throw Self.failure("replace", path + "/" + name)
        }
    }

    /// Adds to the end of a file; on the disk when this returns.
    package func append(_ name: String, _ bytes: [UInt8]) throws(StateError) {
        let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC
        let file = openat(descriptor, name, flags, 0o600)
        guard file >= 0 else { throw Self.failure("write", path + "/" + name) }
        defer { close(file) }
        try write(bytes, to: file, name: name)
        guard fdatasync(file) == 0 else { throw Self.failure("flush", path + "/" + name) }
    }

    /// Makes a directory in it, unless it is there.
    package func makeDirectory(_ name: String) throws(StateError) {
        guard mkdirat(descriptor, name, 0o700) == 0 || errno == EEXIST else {
            throw Self.failure("make", path + "/" + name)
        }
    }

    /// Names of what is in a directory in it, in no order.
    package func names(in name: String) throws(StateError) -> [String] {
        let opened = openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard opened >= 0, let stream = fdopendir(opened) else {
            if opened >= 0 { close(opened) }
            throw Self.failure("list", path + "/" + name)
        }
        defer { closedir(stream) }
        var found: [String] = []
        while let entry = readdir(stream) {
            found.append(
                withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
                        String(cString: $0)
                    }
                }
            )
        }
        return found
    }

    /// Gives a file another name, over whatever has that name.
    package func rename(_ name: String, to new: String) throws(StateError) {
        guard renameat(descriptor, name, descriptor, new) == 0, fsync(descriptor) == 0 else {
            throw Self.failure("rename", path + "/" + name)
        }
    }

    /// Removes a file; one that is not there is no failure.
    package func remove(_ name: String) { unlinkat(descriptor, name, 0) }

    private func write(_ bytes: [UInt8], to file: CInt, name: String) throws(StateError) {
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes {
                Glibc.write(file, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure("write", path + "/" + name) }
            done += count
        }
    }

    private static func makeDirectories(_ path: String) throws(StateError) {
        var current = ""
        for part in path.split(separator: "/") {
            current += "/" + part
            guard mkdir(current, 0o700) != 0, errno != EEXIST else { continue }
            var status = stat()
            guard stat(current, &status) == 0 else { throw failure("make", current) }
        }
    }

    private static func failure(_ verb: String, _ path: String) -> StateError {
        let met = String(cString: strerror(errno))
        return StateError(
            code: .unwritable,
            path: path,
            reason: "could not \(verb) \(path): \(met); give --state-dir a directory that this "
                + "user can write and that has room"
        )
    }
}
