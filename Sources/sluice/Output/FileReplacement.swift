import Glibc

/// Why a file was left as it is.
struct FileReplacementError: Error {
    /// A clause: what was met.
    let reason: String

    fileprivate init(_ call: String) {
        reason = "\(call): \(String(cString: strerror(errno)))"
    }

    fileprivate init(reason: String) { self.reason = reason }
}

/// Writes a file anew, whole or not at all, so that nobody ever reads half of it.
enum FileReplacement {
    /// Replaces a file's contents; links are followed, permissions and owner stay.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - expected: What it held when the new contents were made of it.
    ///   - bytes: The new contents.
    /// - Throws: ``FileReplacementError`` when the file stays as it was.
    static func replace(
        _ path: String,
        expecting expected: [UInt8],
        with bytes: [UInt8]
    ) throws(FileReplacementError) {
        guard let resolved = realpath(path, nil) else { throw FileReplacementError("find it") }
        defer { free(resolved) }
        let target = String(cString: resolved)
        var facts = stat()
        guard stat(target, &facts) == 0 else { throw FileReplacementError("look at it") }
        let slash = target.lastIndex(of: "/") ?? target.startIndex
        let directory = slash == target.startIndex ? "/" : String(target[..<slash])
        let name = target[target.index(after: slash)...]
        // Names that begin with a dot are no configuration: a watcher passes them by.
        let draft = "\(directory)/.\(name).\(getpid()).tmp"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileReplacementError("write beside it") }
        var isDone = false
        defer {
            close(descriptor)
            if !isDone { unlink(draft) }
        }
        try write(bytes, to: descriptor)
        guard fchmod(descriptor, facts.st_mode & 0o7777) == 0 else {
            throw FileReplacementError("keep its permissions")
        }
        if facts.st_uid != geteuid() || facts.st_gid != getegid() {
            guard fchown(descriptor, facts.st_uid, facts.st_gid) == 0 else {
                throw FileReplacementError("keep its owner")
            }
        }
        guard fsync(descriptor) == 0 else { throw FileReplacementError("write it") }
        // Somebody may have saved it in the meantime.
        guard contents(of: target, countMax: expected.count + 1) == expected else {
            throw FileReplacementError(reason: "it changed while it was read; run sluice fmt again")
        }
        guard rename(draft, target) == 0 else { throw FileReplacementError("replace it") }
        isDone = true
        keep(directory)
    }

    /// Writes a file that may not exist yet, with the directories that lead to it.
    static func create(_ path: String, _ bytes: [UInt8]) throws(FileReplacementError) {
        var parent = ""
        for part in path.split(separator: "/").dropLast() {
            parent += (parent.isEmpty && !path.hasPrefix("/") ? "" : "/") + part
            guard mkdir(parent, 0o755) == 0 || errno == EEXIST else {
                throw FileReplacementError("make \(parent)")
            }
        }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileReplacementError("open \(path)") }
        defer { close(descriptor) }
        try write(bytes, to: descriptor)
    }

    private static func write(
        _ bytes: [UInt8],
        to descriptor: Int32
    ) throws(FileReplacementError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileReplacementError("write it") }
            rest = rest.dropFirst(count)
        }
    }

    private static func contents(of path: String, countMax: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: countMax)
        var count = 0
        while count < countMax {
            let read = bytes[count...].withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            if read < 0, errno == EINTR { continue }
            guard read >= 0 else { return nil }
            if read == 0 { break }
            count += read
        }
        return Array(bytes[..<count])
    }

    /// Makes the new name last through a crash, as far as the file system can.
    private static func keep(_ directory: String) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}
