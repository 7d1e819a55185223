internal import Synchronization

/// Work for the loop from any thread, in the order in which it came.
///
/// Control plane only: an entry may allocate, and a lock is held while it is put in.
final class Mailbox: Sendable {
    enum Entry: Sendable {
        case closure(@Sendable () -> Void)
        case job(UnownedJob)
    }

    private struct Content {
        var entries: [Entry] = []
        var isClosed = false
    }

    private let content = Locked(Content())
    private let isFilled = Atomic(false)
    private let isOwnerAsleep = Atomic(false)

    /// Whether there is something to take; one load.
    var hasMail: Bool { isFilled.load(ordering: .sequentiallyConsistent) }

    /// Puts an entry in; false when the box is closed.
    func put(_ entry: Entry) -> Bool {
        content.withLock { content in
            guard !content.isClosed else { return false }
            content.entries.append(entry)
            isFilled.store(true, ordering: .sequentiallyConsistent)
            return true
        }
    }

    /// Whether the caller must wake the owner; true for one caller of each sleep.
    func takeWakeUp() -> Bool {
        isOwnerAsleep.load(ordering: .sequentiallyConsistent)
            && isOwnerAsleep.exchange(false, ordering: .sequentiallyConsistent)
    }

    /// Says that the owner is about to sleep, unless there is mail.
    ///
    /// First the flag, then the look: whoever puts something in either sees the flag, or was
    /// early enough for the look.
    func fallAsleep() -> Bool {
        isOwnerAsleep.store(true, ordering: .sequentiallyConsistent)
        guard hasMail else { return true }
        wakeUp()
        return false
    }

    /// Says that the owner is awake, so that nobody calls the kernel for it.
    func wakeUp() { isOwnerAsleep.store(false, ordering: .relaxed) }

    /// Swaps everything there is for an empty array.
    func take(into entries: inout [Entry]) {
        precondition(entries.isEmpty, "the last batch has not been run")
        content.withLock { content in
            swap(&content.entries, &entries)
            isFilled.store(false, ordering: .sequentiallyConsistent)
        }
    }

    /// Refuses further entries, unless some are left to take.
    func close() -> Bool {
        content.withLock { content in
            guard content.entries.isEmpty else { return false }
            content.isClosed = true
            return true
        }
    }
}
