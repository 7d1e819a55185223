internal import FileWatching
internal import Glibc

/// The git work tree around a path: where its facts lie, read without git.
struct GitTree: Hashable, Sendable {
    /// Where `HEAD` and `index` lie.
    let directory: String
    /// Where branches lie; the same unless the tree is one of several of a repository.
    private let common: String

    /// Longest reference or log line that is read, in bytes.
    private static let tailBytesMax = 1 << 16

    /// Finds the work tree around a path; `nil` when there is none.
    init?(around path: String) {
        var place = path
        while place != "/", place != "." {
            if let directory = Self.directory(at: place) {
                self.directory = directory
                let link = Self.line(directory + "/commondir").map { Self.join(directory, $0) }
                common = link ?? directory
                return
            }
            place = SourceFiles.parent(of: place)
        }
        return nil
    }

    /// The commit that is checked out; `nil` before the first.
    var head: String? {
        guard let head = Self.line(directory + "/HEAD") else { return nil }
        guard head.hasPrefix("ref: ") else { return head }
        let name = String(head.dropFirst(5))
        return Self.line(directory + "/" + name) ?? Self.line(common + "/" + name) ?? packed(name)
    }

    /// The lock that git holds while it writes the work tree.
    var lock: String { directory + "/index.lock" }

    /// Whether a commit was checked out some time ago, as far as git's log of that goes back.
    func hasLeft(commit: String) -> Bool {
        guard let log = Self.tail(directory + "/logs/HEAD") else { return false }
        return log.split(separator: "\n").contains { line in
            line.split(separator: " ").prefix(2).contains { $0.hasPrefix(commit) }
        }
    }

    /// A branch that git has put into its list of branches.
    private func packed(_ name: String) -> String? {
        guard let list = Self.tail(common + "/packed-refs") else { return nil }
        return list.split(separator: "\n").first { $0.hasSuffix(" " + name) }
            .flatMap { $0.split(separator: " ").first.map(String.init) }
    }

    /// The git directory of a work tree's root: `.git` itself, or what the file of that name says.
    private static func directory(at root: String) -> String? {
        let git = root + "/.git"
        var status = stat()
        guard stat(git, &status) == 0 else { return nil }
        if status.st_mode & S_IFMT == S_IFDIR { return git }
        guard let line = line(git), line.hasPrefix("gitdir: ") else { return nil }
        return join(root, String(line.dropFirst(8)))
    }

    private static func join(_ directory: String, _ path: String) -> String {
        path.hasPrefix("/") ? path : directory + "/" + path
    }

    /// The first line of a small file.
    private static func line(_ path: String) -> String? {
        tail(path)?.split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init)
    }

    /// The end of a file, at most some kibibytes; `nil` when it cannot be read.
    private static func tail(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return nil
        }
        var bytes = [UInt8](repeating: 0, count: tailBytesMax)
        var count = 0
        let start = max(0, Int(status.st_size) - tailBytesMax)
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes {
                pread(
                    descriptor,
                    $0.baseAddress?.advanced(by: count),
                    $0.count - count,
                    start + count
                )
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { break }
            count += got
        }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
