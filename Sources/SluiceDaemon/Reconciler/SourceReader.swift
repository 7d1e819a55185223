package import FileWatching
internal import GraphModel
internal import Glibc
internal import Reconciliation
internal import RingLoop

/// Files of a configuration, all of them, as they were at one moment.
package struct SourceScan: Sendable {
    /// The files, by path within each source.
    package let files: [SourceFile]
    /// Digest of names and bytes, to know the files again; not of what they mean.
    package let digest: String
    /// Digest of each file's bytes, by path.
    package let fileDigests: [String: String]
    /// What is named as a file of a configuration and can be none, with the reason.
    package var oddities: [SourceFault] = []
}

/// Reads the sources in a state that they were really in, at one moment.
///
/// What was read is kept: of a thousand files only those that look otherwise are read again.
package struct SourceReader: Sendable {
    /// What a scan found.
    package enum Scan: Sendable {
        /// Files, all of them, as they were at one moment.
        case files(SourceScan)
        /// The sources are not there or cannot be read; never the same as an empty configuration.
        case lost(reason: String, message: String)
        /// Somebody is in the middle of changing them; look again soon.
        case moving(reason: String, message: String)
    }

    /// A file with the digest of its bytes.
    private struct Known: Sendable {
        let file: SourceFile
        let digest: String
    }

    /// The usual size of the largest file, in bytes.
    package static let fileBytesUsual = DocumentLimits.fileBytesUsual
    /// A lock of git's that is older belongs to nobody any more, in seconds.
    private static let lockSecondsMax: Int64 = 600
    /// Most scans in a row when something moves.
    private static let scansMax = 8

    /// Absolute paths of files and directories.
    package let paths: [String]
    /// How much is taken of them.
    let limits: DocumentLimits
    private let known = Locked<[String: Known]>([:])

    /// A reader of some sources.
    ///
    /// - Parameters:
    ///   - paths: Absolute paths of files and directories.
    ///   - fileBytesMax: Largest file, in bytes.
    package init(paths: [String], fileBytesMax: Int = fileBytesUsual) {
        self.paths = paths
        limits = DocumentLimits(fileBytesMax: fileBytesMax)
    }

    /// Directory that relative file names start from: the first source as it was named.
    package var baseDirectory: String {
        guard let first = paths.first else { return "/" }
        var status = stat()
        let isDirectory = stat(first, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        return isDirectory || !SourceFiles.isSource(first) ? first : SourceFiles.parent(of: first)
    }

    /// Reads everything that may have changed.
    ///
    /// - Parameters:
    ///   - ignoresLock: Whether a lock of git's and a file that is open for writing are passed over,
    ///     because they were waited for long enough.
    ///   - isThorough: Whether also what looks unchanged is read again.
    /// - Returns: Files of one moment, or why there are none.
    package func scan(ignoresLock: Bool = false, isThorough: Bool = false) -> Scan {
        if !ignoresLock, let lock = gitLock() {
            return .moving(reason: "GitLock", message: "git is at work: \(lock) exists")
        }
        var kept = isThorough ? [:] : known.withLock { $0.mapValues(\.file) }
        var last = read(kept)
        for _ in 0..<Self.scansMax {
            // The second pass reads again what was written so lately that a change might not show.
            kept = Dictionary(last.files.map { ($0.path, $0) }, uniquingKeysWith: { $1 })
            let next = read(kept)
            if !last.moved, !next.moved, last.isSame(as: next) {
                // What is settled was read in the first pass only.
                guard !ignoresLock, let path = next.unfinished ?? last.unfinished else {
                    return result(of: next)
                }
                return .moving(reason: "WriterOpen", message: "\(path) is open for writing")
            }
            last = next
        }
        return .moving(reason: "SourceBusy", message: "files keep changing while they are read")
    }

    /// The commit that is checked out in the work tree around the first source.
    package func gitCommit() -> String? { gitTrees().first?.head }

    /// Whether a commit was checked out there before.
    func hasLeft(commit: String) -> Bool {
        gitTrees().contains { $0.hasLeft(commit: commit) }
    }

    private func read(_ known: [String: SourceFile]) -> Reading {
        var reading = Reading()
        for path in paths {
            let found = SourceFiles.read(
                path,
                fileBytesMax: limits.fileBytesMax,
                known: known
            )
            reading.files += found.files
            reading.oddities += found.oddities
            reading.moved = reading.moved || found.moved
            reading.unfinished = reading.unfinished ?? found.unfinished.first
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

    private func result(of reading: Reading) -> Scan {
        if let lost = reading.lost { return .lost(reason: lost.reason, message: lost.message) }
        let old = known.withLock { $0 }
        var new: [String: Known] = [:]
        var bytes: [UInt8] = []
        for file in reading.files {
            let before = old[file.path]
            // Comparing is far cheaper than a digest, and free when the bytes are the same array.
            let isSame = before?.file.bytes == file.bytes
            let digest = isSame ? before?.digest : nil
            let entry = Known(file: file, digest: digest ?? Digest.text(of: file.bytes))
            new[file.path] = entry
            bytes += file.path.utf8
            bytes.append(0)
            bytes += entry.digest.utf8
        }
        let keeping = new
        known.withLock { $0 = keeping }
        return .files(
            SourceScan(
                files: reading.files,
                digest: Digest.text(of: bytes),
                fileDigests: new.mapValues(\.digest),
                oddities: reading.oddities
            )
        )
    }

    private func gitLock() -> String? {
        gitTrees().map(\.lock).first { lock in
            var status = stat()
            guard stat(lock, &status) == 0 else { return false }
            return Int64(time(nil)) - Int64(status.st_mtim.tv_sec) < Self.lockSecondsMax
        }
    }

    /// The work trees around the sources.
    private func gitTrees() -> [GitTree] {
        var found: [GitTree] = []
        for path in paths {
            guard let tree = GitTree(around: path), !found.contains(tree) else { continue }
            found.append(tree)
        }
        return found
    }
}

/// One pass over all sources.
private struct Reading {
    var files: [SourceFile] = []
    var oddities: [SourceFault] = []
    var lost: (reason: String, message: String)?
    var moved = false
    /// A file that somebody has open for writing.
    var unfinished: String?

    /// Whether another pass found the very same files.
    func isSame(as other: Reading) -> Bool {
        files.map(\.path) == other.files.map(\.path)
            && files.map(\.fingerprint) == other.files.map(\.fingerprint)
            && lost?.message == other.lost?.message
    }
}
