internal import Glibc

/// Collects what concerns each watcher and tells it when its burst has ended.
///
/// The library waits in whole seconds only, so bursts are timed by a second thread that calls
/// nothing of it.
final class SignalBoard: Sendable {
    /// What is told to one watcher.
    private struct Entry {
        var debounce: Debounce
        let continuation: AsyncStream<WatchSignal>.Continuation
        var isOverflow = false
        var unwatchedCount = 0
    }

    private let entries = ThreadShared<[Int: Entry]>([:])
    /// Ends of a pipe that interrupts the thread's waiting when a burst begins.
    private let bell: (listen: CInt, ring: CInt)

    init() throws(WatchError) {
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw WatchError(reason: "the watcher got no pipe: \(String(cString: strerror(errno)))")
        }
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        bell = (listen: ends[0], ring: ends[1])
    }

    func add(_ watcher: Watcher, identifier: Int) {
        let entry = Entry(
            debounce: Debounce(times: watcher.times),
            continuation: watcher.continuation
        )
        entries.withLock { $0[identifier] = entry }
    }

    func remove(_ identifier: Int) {
        entries.withLock { $0.removeValue(forKey: identifier) }?.continuation.finish()
    }

    /// Says that a watcher's watches stand.
    func announce(_ identifier: Int, unwatchedCount: Int) {
        entries.withLock { entries in
            entries[identifier]?.unwatchedCount = unwatchedCount
            _ = entries[identifier]?.continuation.yield(
                WatchSignal(
                    coalescedCount: 0,
                    burstNanoseconds: 0,
                    isOverflow: false,
                    unwatchedCount: unwatchedCount
                )
            )
        }
    }

    /// Takes an event that concerns a watcher.
    func note(_ event: InotifyQueue.Event, for identifier: Int, unwatchedCount: Int) {
        let now = monotonicNanoseconds()
        let isSooner = entries.withLock { entries in
            guard var entry = entries[identifier] else { return false }
            let due = entry.debounce.dueNanoseconds ?? .max
            entry.debounce.note(nowNanoseconds: now)
            entry.isOverflow = entry.isOverflow || event.isOverflow
            entry.unwatchedCount = unwatchedCount
            entries[identifier] = entry
            return (entry.debounce.dueNanoseconds ?? .max) < due
        }
        guard isSooner else { return }
        // A full pipe means that the thread is about to wake anyway.
        var byte: UInt8 = 1
        _ = write(bell.ring, &byte, 1)
    }

    /// The timing thread's life: wait until the next burst ends, tell its watcher.
    func run() -> Never {
        while true {
            wait(untilNanoseconds: entries.withLock { dueNanoseconds($0) })
            var bytes: [UInt8] = Array(repeating: 0, count: 64)
            _ = read(bell.listen, &bytes, bytes.count)
            entries.withLock { signal(&$0, nowNanoseconds: monotonicNanoseconds()) }
        }
    }

    private func dueNanoseconds(_ entries: [Int: Entry]) -> UInt64? {
        entries.values.compactMap(\.debounce.dueNanoseconds).min()
    }

    private func signal(_ entries: inout [Int: Entry], nowNanoseconds now: UInt64) {
        for (identifier, var entry) in entries {
            guard let burst = entry.debounce.take(nowNanoseconds: now) else { continue }
            entry.continuation.yield(
                WatchSignal(
                    coalescedCount: burst.count,
                    burstNanoseconds: burst.lengthNanoseconds,
                    isOverflow: entry.isOverflow,
                    unwatchedCount: entry.unwatchedCount
                )
            )
            entry.isOverflow = false
            entries[identifier] = entry
        }
    }

    private func wait(untilNanoseconds due: UInt64?) {
        var milliseconds: CInt = -1
        if let due {
            let now = monotonicNanoseconds()
            milliseconds = due <= now ? 0 : CInt(clamping: (due - now + 999_999) / 1_000_000)
        }
        var descriptor = pollfd(fd: bell.listen, events: Int16(POLLIN), revents: 0)
        _ = poll(&descriptor, 1, milliseconds)
    }
}

/// Time that never goes back, in nanoseconds.
private func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
