internal import Glibc

/// The thread that calls the library, on behalf of all watchers of the process.
final class WatchThread: Sendable {
    private static let started = ThreadShared<WatchThread?>(nil)

    private let queue: InotifyQueue
    private let board: SignalBoard
    private let orders = ThreadShared(Orders())

    /// What other threads want of this one; it looks once a second, and after every event.
    private struct Orders {
        var lastIdentifier = 0
        var added: [(Int, Watcher)] = []
        var removed: [Int] = []
    }

    /// The thread of the process, which serves a new watcher; the first call starts it.
    ///
    /// - Returns: The thread and the number that names the watcher.
    static func serve(_ watcher: Watcher) throws(WatchError) -> (WatchThread, Int) {
        try started.withLock { thread throws(WatchError) in
            if let thread { return (thread, thread.add(watcher)) }
            let new = try WatchThread()
            let identifier = new.add(watcher)
            try startThread(new) { $0.run() }
            try startThread(new.board) { $0.run() }
            thread = new
            return (new, identifier)
        }
    }

    private init() throws(WatchError) {
        queue = try InotifyQueue.start()
        board = try SignalBoard()
    }

    /// Ends serving a watcher.
    func remove(_ identifier: Int) { orders.withLock { $0.removed.append(identifier) } }

    private func add(_ watcher: Watcher) -> Int {
        orders.withLock { orders in
            orders.lastIdentifier += 1
            orders.added.append((orders.lastIdentifier, watcher))
            return orders.lastIdentifier
        }
    }

    /// The thread's life: follow orders, wait for an event, pass it on.
    private func run() -> Never {
        var table = WatchTable(queue: queue, board: board)
        while true {
            let (added, removed) = orders.withLock { orders in
                defer { (orders.added, orders.removed) = ([], []) }
                return (orders.added, orders.removed)
            }
            for (identifier, watcher) in added { table.add(watcher, identifier: identifier) }
            for identifier in removed { table.remove(identifier) }
            if let event = queue.next() { table.take(event) }
        }
    }
}

/// Starts a thread that never ends, with an object that it keeps.
private func startThread<Subject: AnyObject & Sendable>(
    _ subject: Subject,
    _ life: @escaping @Sendable (Subject) -> Never
) throws(WatchError) {
    let box = Unmanaged.passRetained(ThreadLife { life(subject) })
    var thread = pthread_t()
    let failure = pthread_create(
        &thread,
        nil,
        { argument in
            guard let argument else { return nil }
            Unmanaged<ThreadLife>.fromOpaque(argument).takeUnretainedValue().run()
        },
        box.toOpaque()
    )
    guard failure == 0 else {
        box.release()
        throw WatchError(reason: "a thread of the watcher could not be started: error \(failure)")
    }
    pthread_detach(thread)
}

/// What a thread does all its life, in a form that fits through C.
private final class ThreadLife: Sendable {
    let run: @Sendable () -> Never
    init(run: @escaping @Sendable () -> Never) { self.run = run }
}
