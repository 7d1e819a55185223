/// Which directories have to be watched so that a change of some sources is seen.
///
/// These are the sources' own directories, the parent of each source, and the parent of every
/// symbolic link on the way, because a link is swapped by renaming another over it.
struct WatchPlan {
    /// What matters in one directory.
    struct Interest: Hashable {
        /// Whether documents and subdirectories in it matter.
        var hasDocuments = false
        /// Further names that matter.
        var names: Set<String> = []

        /// Whether an entry with this name matters.
        func concerns(_ name: String, isDirectory: Bool) -> Bool {
            if names.contains(name) { return true }
            guard hasDocuments, !name.hasPrefix(".") else { return false }
            return isDirectory || SourceFiles.isSource(name)
        }
    }

    /// Most directories that are watched.
    static let directoriesMax = 20_000
    /// Deepest subdirectory that is watched, and most links on one path.
    static let depthMax = 32

    /// Interest by real path of the directory.
    private(set) var directories: [String: Interest] = [:]

    /// A plan for files and directories, absolute paths.
    init(sources: [String]) {
        for source in sources {
            guard let path = follow(source), isDirectory(path) else { continue }
            descend(path, depth: 0)
        }
    }

    /// Walks a path, link by link; notes where a link or a missing name is, and the last parent.
    private mutating func follow(_ path: String) -> String? {
        var rest = path.split(separator: "/").map(String.init).reversed() as [String]
        var current = ""
        var linksLeft = Self.depthMax
        while let name = rest.popLast() {
            if name == "." { continue }
            if name == ".." {
                current = parent(of: current)
                continue
            }
            let candidate = current + "/" + name
            if let target = linkTarget(candidate) {
                note(name, in: current)
                linksLeft -= 1
                guard linksLeft > 0 else { return nil }
                if target.hasPrefix("/") { current = "" }
                rest += target.split(separator: "/").map(String.init).reversed()
                continue
            }
            guard exists(candidate) else {
                note(name, in: current)
                return nil
            }
            if rest.isEmpty { note(name, in: current) }
            current = candidate
        }
        return current.isEmpty ? "/" : current
    }

    /// Notes a directory of documents and what is below it.
    private mutating func descend(_ path: String, depth: Int) {
        guard depth < Self.depthMax, directories.count < Self.directoriesMax,
            directories[path]?.hasDocuments != true
        else { return }
        directories[path, default: Interest()].hasDocuments = true
        for entry in entries(of: path) where !entry.hasPrefix(".") {
            let child = path + "/" + entry
            if linkTarget(child) != nil {
                guard let target = follow(child), isDirectory(target) else { continue }
                descend(target, depth: depth + 1)
            } else if !SourceFiles.isSource(entry), isDirectory(child) {
                descend(child, depth: depth + 1)
            }
        }
    }

    private mutating func note(_ name: String, in directory: String) {
        directories[directory.isEmpty ? "/" : directory, default: Interest()].names.insert(name)
    }
}
