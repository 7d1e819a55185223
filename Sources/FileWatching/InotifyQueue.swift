internal import CInotifyTools
internal import Glibc

/// The only caller of libinotifytools, whose state is the process's and not safe between threads.
///
/// After ``start()`` every function is called by the watch thread alone.
struct InotifyQueue {
    /// One event of the kernel.
    struct Event {
        /// Directory that it happened in, without a slash at its end; empty after an overflow.
        let directory: String
        /// Name in it; empty when the directory itself is meant.
        let name: String
        /// The kernel's bits.
        let mask: UInt32

        /// Whether all events after it were lost.
        var isOverflow: Bool { has(IN_Q_OVERFLOW) }
        /// Whether the entry is a directory.
        var isDirectory: Bool { has(IN_ISDIR) }
        /// Whether the watched directory itself was renamed.
        var isOwnMove: Bool { has(IN_MOVE_SELF) }
        /// Whether names came or went, so that other directories may have to be watched.
        var isStructural: Bool {
            has(IN_CREATE) || has(IN_MOVED_TO) || has(IN_MOVED_FROM) || has(IN_DELETE)
                || has(IN_DELETE_SELF) || has(IN_MOVE_SELF) || has(IN_UNMOUNT)
        }
        private func has<Bit: FixedWidthInteger>(_ bit: Bit) -> Bool {
            mask & UInt32(truncatingIfNeeded: bit) != 0
        }
    }

    /// What is asked of the kernel for a directory.
    ///
    /// Not `IN_MODIFY`: a disk image beside the documents would raise it with every write of its
    /// clients. A writer is heard when it closes the file, which is early enough.
    private static let mask =
        UInt32(IN_CREATE) | UInt32(IN_DELETE) | UInt32(IN_MOVED_TO) | UInt32(IN_MOVED_FROM)
        | UInt32(IN_CLOSE_WRITE) | UInt32(IN_ATTRIB) | UInt32(IN_DELETE_SELF)
        | UInt32(IN_MOVE_SELF) | UInt32(IN_ONLYDIR)

    /// Longest wait for an event, in seconds; the library knows no shorter one.
    private static let waitSeconds = 1

    /// Opens the queue.
    ///
    /// The library waits with `select()`, which cannot go beyond descriptor 1023, so this comes
    /// before any other file is opened.
    static func start() throws(WatchError) -> InotifyQueue {
        let lowestFree = open("/dev/null", O_RDONLY | O_CLOEXEC)
        close(lowestFree)
        guard lowestFree < 1024 else {
            throw WatchError(
                reason: "inotify would be opened as descriptor \(lowestFree), and only 0 to 1023 "
                    + "work; start watching before other files are opened"
            )
        }
        guard inotifytools_initialize() != 0 else {
            throw WatchError(
                reason: "inotify could not be opened: "
                    + "\(String(cString: strerror(inotifytools_error()))); "
                    + "see fs.inotify.max_user_instances"
            )
        }
        return InotifyQueue()
    }

    /// Watches a directory, named by a spelling that was not used before.
    func add(_ spelling: String) -> Bool {
        inotifytools_watch_file(spelling, CInt(bitPattern: Self.mask)) != 0
    }

    /// Ends the watch of a directory that is still there.
    func remove(_ spelling: String) {
        _ = inotifytools_remove_watch_by_filename(spelling + "/")
    }

    /// The next event, or nothing after a second.
    func next() -> Event? {
        guard let event = inotifytools_next_event(Self.waitSeconds) else { return nil }
        let mask = event.pointee.mask
        var directory = ""
        if let path = inotifytools_filename_from_wd(event.pointee.wd) {
            directory = normalised(String(cString: path))
        }
        guard event.pointee.len > 0 else {
            return Event(directory: directory, name: "", mask: mask)
        }
        // The name follows the fixed part of the event and ends with at least one zero.
        let name = UnsafeRawPointer(event).advanced(by: MemoryLayout<inotify_event>.size)
        let text = String(cString: name.assumingMemoryBound(to: CChar.self))
        return Event(directory: directory, name: text, mask: mask)
    }
}

/// A path without the `/.` that made its spelling new, and without the library's slash.
private func normalised(_ path: String) -> String {
    var text = Substring(path)
    while text.count > 1, text.hasSuffix("/") || text.hasSuffix("/.") { text.removeLast() }
    return String(text)
}
