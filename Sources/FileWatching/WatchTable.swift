internal import Glibc

/// What is watched for whom; belongs to the watch thread.
struct WatchTable {
    /// A directory that the kernel watches.
    private struct Watched {
        let device: UInt
        let inode: UInt
        let spelling: String
    }

    private let queue: InotifyQueue
    private let board: SignalBoard
    private var sources: [Int: [String]] = [:]
    private var interests: [Int: [String: WatchPlan.Interest]] = [:]
    private var watched: [String: Watched] = [:]
    /// How often a directory's spelling was used up: the library never forgets the name of a
    /// directory that went away, so its successor is watched as `/path/.`, then `/path/./.`.
    private var usedUp: [String: Int] = [:]
    /// Directories that were renamed while they were watched: their watch goes on and can be ended.
    private var movedAway: Set<String> = []
    private var unwatchedCount = 0

    /// The most spellings of one directory; after it the first is used again.
    private static let spellingsMax = 500

    init(queue: InotifyQueue, board: SignalBoard) {
        self.queue = queue
        self.board = board
    }

    mutating func add(_ watcher: Watcher, identifier: Int) {
        sources[identifier] = watcher.sources
        board.add(watcher, identifier: identifier)
        rebuild()
        board.announce(identifier, unwatchedCount: unwatchedCount)
    }

    mutating func remove(_ identifier: Int) {
        sources[identifier] = nil
        interests[identifier] = nil
        board.remove(identifier)
        rebuild()
    }

    /// Takes one event: watches what became new by it, then passes it on.
    mutating func take(_ event: InotifyQueue.Event) {
        let concerned = sources.keys.filter { concerns($0, event) }
        if event.isOwnMove { movedAway.insert(event.directory) }
        if !concerned.isEmpty, movesWatches(event) { rebuild() }
        for identifier in concerned {
            board.note(event, for: identifier, unwatchedCount: unwatchedCount)
        }
    }

    private func concerns(_ identifier: Int, _ event: InotifyQueue.Event) -> Bool {
        if event.isOverflow { return true }
        guard let interest = interests[identifier]?[event.directory] else { return false }
        // The kernel's last word about a watch comes without a name and is no change by itself.
        if event.name.isEmpty { return event.isStructural }
        return interest.concerns(event.name, isDirectory: event.isDirectory)
    }

    /// Whether other directories may have to be watched after an event; a plain file moves nothing.
    private func movesWatches(_ event: InotifyQueue.Event) -> Bool {
        if event.isOverflow { return true }
        guard event.isStructural else { return false }
        if event.name.isEmpty || event.isDirectory { return true }
        let isNamed = interests.values.contains {
            $0[event.directory]?.names.contains(event.name) == true
        }
        return isNamed || linkTarget(event.directory + "/" + event.name) != nil
    }

    /// Makes the kernel's watches those that the watchers need now.
    private mutating func rebuild() {
        var wanted: Set<String> = []
        for (identifier, paths) in sources {
            let plan = WatchPlan(sources: paths)
            interests[identifier] = plan.directories
            wanted.formUnion(plan.directories.keys)
        }
        for (path, old) in watched {
            let now = identity(of: path)
            let isSame = now?.device == old.device && now?.inode == old.inode
            if isSame, wanted.contains(path) { continue }
            watched[path] = nil
            if isSame || movedAway.contains(path) {
                queue.remove(old.spelling)
            } else {
                usedUp[path, default: 0] += 1
            }
        }
        movedAway.removeAll()
        unwatchedCount = 0
        for path in wanted where watched[path] == nil { watch(path) }
    }

    private mutating func watch(_ path: String) {
        guard let identity = identity(of: path) else { return }
        let turn = usedUp[path, default: 0] % Self.spellingsMax
        let spelling = path + String(repeating: "/.", count: turn)
        guard queue.add(spelling) else {
            unwatchedCount += 1
            return
        }
        watched[path] = Watched(
            device: identity.device,
            inode: identity.inode,
            spelling: spelling
        )
    }
}

private func identity(of path: String) -> (device: UInt, inode: UInt)? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return (UInt(status.st_dev), UInt(status.st_ino))
}
