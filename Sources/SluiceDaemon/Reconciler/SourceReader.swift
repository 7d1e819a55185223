package import FileWatching
internal import GraphModel
internal import Glibc

/// Reads the sources in a state that they were really in, at one moment.
package struct SourceReader: Sendable {
    /// What a scan found.
    package enum Scan: Sendable {
        /// Files, all of them, as they were at one moment.
        case files([SourceFile], digest: String)
        /// The sources are not there or cannot be read; never the same as an empty configuration.
        case lost(reason: String, message: String)
        /// Somebody is in the middle of changing them; look again soon.
        case moving(reason: String, message: String)
    }

    /// A lock of git's that is older belongs to nobody any more, in seconds.
    private static let lockSecondsMax: Int64 = 600
    /// Most scans in a row when something moves.
    private static let scansMax = 8

    /// Absolute paths of files and directories.
    package let paths: [String]

    /// A reader of some sources.
    package init(paths: [String]) { self.paths = paths }

    /// Directory that relative file names start from: the first source as it was named.
    package var baseDirectory: String {
        guard let first = paths.first else { return "/" }
        var status = stat()
        let isDirectory = stat(first, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        return isDirectory || !SourceFiles.isSource(first) ? first : SourceFiles.parent(of: first)
    }

    /// Reads everything.
    ///
    /// - Parameter ignoresLock: Whether a lock of git's is passed over, because it was waited for
    ///   long enough.
    /// - Returns: Files of one moment, or why there are none.
    package func scan(ignoresLock: Bool = false) -> Scan {
        if !ignoresLock, let lock = gitLock() {
            return .moving(reason: "GitLock", message: "git is at work: \(lock) exists")
        }
        var last = read()
        for _ in 0..<Self.scansMax {
            let next = read()
            if !last.moved, !next.moved, last.isSame(as: next) { return next.result }
            last = next
        }
        return .moving(reason: "SourceBusy", message: "files keep changing while they are read")
    }

    /// The commit that is checked out in the work tree around the first source, when that is cheap.
    package func gitCommit() -> String? {
        guard let git = gitDirectories().first, let head = text(git + "/HEAD") else { return nil }
        guard head.hasPrefix("ref: ") else { return head }
        return text(git + "/" + head.dropFirst(5))
    }

    private func read() -> Reading {
        var reading = Reading()
        for path in paths {
            let found = SourceFiles.read(path)
            reading.files += found.files
            reading.moved = reading.moved || found.moved
            if found.isLost {
                let isMissing = found.faults.first.map { "\($0.path): \($0.reason)" }
                reading.lost =
                    reading.lost ?? (
                        isMissing == nil ? "NoMatchingFile" : "SourceMissing",
                        isMissing ?? "\(path) has no *.yaml or *.yml file"
                    )
            } else if let fault = found.faults.first {
                reading.lost = ("SourceUnreadable", "\(fault.path): \(fault.reason)")
            }
        }
        return reading
    }

    private func gitLock() -> String? {
        gitDirectories().map { $0 + "/index.lock" }.first { lock in
            var status = stat()
            guard stat(lock, &status) == 0 else { return false }
            return Int64(time(nil)) - Int64(status.st_mtim.tv_sec) < Self.lockSecondsMax
        }
    }

    /// The git directory of the work tree around each source.
    private func gitDirectories() -> [String] {
        var found: [String] = []
        for path in paths {
            var directory = path
            while directory != "/", directory != "." {
                let git = directory + "/.git"
                var status = stat()
                if stat(git, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
                    if !found.contains(git) { found.append(git) }
                    break
                }
                directory = SourceFiles.parent(of: directory)
            }
        }
        return found
    }

    /// The first line of a small file.
    private func text(_ path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 512)
        guard fgets(&line, CInt(line.count), file) != nil else { return nil }
        return String(
            decoding: line.map { UInt8(bitPattern: $0) }.prefix { $0 > 32 || $0 == 32 },
            as: UTF8.self
        )
    }
}

/// One pass over all sources.
private struct Reading {
    var files: [SourceFile] = []
    var lost: (reason: String, message: String)?
    var moved = false

    /// Whether another pass found the very same files.
    func isSame(as other: Reading) -> Bool {
        files.map(\.path) == other.files.map(\.path)
            && files.map(\.fingerprint) == other.files.map(\.fingerprint)
            && lost?.message == other.lost?.message
    }

    var result: SourceReader.Scan {
        if let lost { return .lost(reason: lost.reason, message: lost.message) }
        return .files(files, digest: digest)
    }

    /// Digest of names and bytes, to know files again; not of what they mean.
    private var digest: String {
        var bytes: [UInt8] = []
        for file in files {
            bytes += file.path.utf8
            bytes.append(0)
            withUnsafeBytes(of: UInt64(file.bytes.count).littleEndian) { bytes += $0 }
            bytes += file.bytes
        }
        return Digest.text(of: bytes)
    }
}
