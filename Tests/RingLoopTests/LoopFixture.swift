internal import RingLoop
internal import Testing

/// Runs a test's body with a started loop, and ends the loop after it.
func withLoop<Result>(
    entryCount: Int = 64,
    _ body: (EventLoop) async throws -> Result
) async throws -> Result {
    let loop = try EventLoop(
        configuration: EventLoopConfiguration(name: "test", entryCount: entryCount)
    )
    try loop.start()
    defer {
        loop.stop()
        loop.join()
    }
    return try await body(loop)
}

extension EventLoop {
    /// Runs a body on the loop and waits for its value.
    func perform<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            post { continuation.resume(returning: body()) }
        }
    }

    /// Queues one operation and waits for its result.
    func result(
        _ queue: @escaping @Sendable (Kernel, UnsafeMutablePointer<KernelTicket>) -> Void
    ) async -> Int32 {
        await withCheckedContinuation { continuation in
            post {
                let pending = Pending { continuation.resume(returning: $0) }
                queue(self.kernel, pending.ticket)
            }
        }
    }
}

/// A ticket that lives until its operation has ended, and then calls a closure once.
///
/// Loop thread only.
final class Pending {
    let ticket: UnsafeMutablePointer<KernelTicket>
    private let completed: (Int32) -> Void

    init(_ completed: @escaping (Int32) -> Void) {
        self.completed = completed
        ticket = .allocate(capacity: 1)
        ticket.initialize(
            to: KernelTicket(handler: { ticket, result in
                guard let context = ticket.pointee.context else { return }
                Unmanaged<Pending>.fromOpaque(context).takeRetainedValue().completed(result)
            })
        )
        ticket.pointee.context = Unmanaged.passRetained(self).toOpaque()
    }

    deinit { ticket.deallocate() }
}

/// What happened, in order, from any thread.
final class Journal<Element: Sendable>: Sendable {
    private let content = Locked<[Element]>([])

    var entries: [Element] { content.withLock { $0 } }

    func append(_ element: Element) { content.withLock { $0.append(element) } }
}

/// A timer with a closure.
final class ClosureTimer {
    private(set) var timer = LoopTimer { _ in }
    private let fired: () -> Void

    init(_ fired: @escaping () -> Void) {
        self.fired = fired
        timer = LoopTimer(context: Unmanaged.passUnretained(self).toOpaque()) { context in
            guard let context else { return }
            Unmanaged<ClosureTimer>.fromOpaque(context).takeUnretainedValue().fired()
        }
    }
}

/// A hook with a closure.
final class ClosureHook {
    private(set) var hook = TurnHook { _ in }
    private let ran: () -> Void

    init(_ ran: @escaping () -> Void) {
        self.ran = ran
        hook = TurnHook(context: Unmanaged.passUnretained(self).toOpaque()) { context in
            guard let context else { return }
            Unmanaged<ClosureHook>.fromOpaque(context).takeUnretainedValue().ran()
        }
    }
}
