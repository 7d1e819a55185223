internal import RingLoop
internal import Synchronization
internal import Testing

@Suite("The event loop")
struct EventLoopTests {
    @Test("posted jobs run on the loop's thread, in order")
    func posts() async throws {
        try await withLoop { loop in
            let journal = Journal<Int>()
            for number in 0..<1000 {
                loop.post {
                    loop.preconditionOnLoop()
                    journal.append(number)
                }
            }
            #expect(await loop.perform { loop.isCurrent })
            #expect(journal.entries == Array(0..<1000))
            #expect(!loop.isCurrent)
        }
    }

    @Test("a job that a job posts runs in a later turn")
    func nestedPost() async throws {
        try await withLoop { loop in
            let journal = Journal<String>()
            await withCheckedContinuation { continuation in
                loop.post {
                    loop.post {
                        journal.append("inner")
                        continuation.resume()
                    }
                    journal.append("outer")
                }
            }
            #expect(journal.entries == ["outer", "inner"])
        }
    }

    @Test("posts from many threads all arrive, each thread's in its order")
    func manyThreads() async throws {
        try await withLoop { loop in
            let journal = Journal<(sender: Int, number: Int)>()
            await withTaskGroup { group in
                for sender in 0..<8 {
                    group.addTask {
                        for number in 0..<500 {
                            loop.post { journal.append((sender, number)) }
                        }
                    }
                }
            }
            await loop.perform {}
            let entries = journal.entries
            #expect(entries.count == 4000)
            for sender in 0..<8 {
                let own = entries.filter { $0.sender == sender }.map(\.number)
                #expect(own == Array(0..<500))
            }
        }
    }

    @Test("an actor with the loop as its executor runs there, before and after it waits")
    func actorOnLoop() async throws {
        try await withLoop { loop in
            let resident = Resident(loop: loop)
            #expect(await resident.isAtHome())
            #expect(await resident.isAtHomeAfterWaiting())
            #expect(await resident.assumeIsolatedFromPost())
        }
    }

    @Test("stop runs what was posted before it, and posting after the end is refused")
    func stopDrains() async throws {
        let loop = try EventLoop(configuration: EventLoopConfiguration(name: "test"))
        try loop.start()
        let journal = Journal<Int>()
        for number in 0..<100 { loop.post { journal.append(number) } }
        loop.post { loop.stop() }
        loop.post { loop.post { journal.append(100) } }
        loop.join()
        #expect(journal.entries == Array(0...100))
        #expect(!loop.post { journal.append(101) })
        #expect(journal.entries.count == 101)
    }

    @Test("a loop hears a stop at any moment of its turn")
    func stopAtAnyMoment() throws {
        for round in 0..<300 {
            let loop = try EventLoop(
                configuration: EventLoopConfiguration(name: "test", entryCount: 8)
            )
            try loop.start()
            for _ in 0..<round % 7 { loop.post {} }
            loop.stop()
            loop.join()
        }
    }

    @Test("stop cancels what is pending, and its handler hears of it")
    func stopCancels() async throws {
        let loop = try EventLoop(configuration: EventLoopConfiguration(name: "test"))
        try loop.start()
        let pipe = try Pipe()
        let results = Journal<Int32>()
        await loop.perform {
            let pending = Pending { results.append($0) }
            loop.kernel.poll(fd: pipe.reading, events: 1, ticket: pending.ticket)
        }
        loop.stop()
        loop.join()
        #expect(results.entries == [-125])
    }

    @Test("a loop that was never started can be dropped, and joined at once")
    func neverStarted() throws {
        let loop = try EventLoop(configuration: EventLoopConfiguration(name: "test"))
        loop.stop()
        loop.join()
    }

    @Test("a loop that cannot be bound to its processor says so and does not start")
    func badProcessor() throws {
        let loop = try EventLoop(
            configuration: EventLoopConfiguration(name: "test", cpu: 100_000)
        )
        #expect(throws: SystemError.self) { try loop.start() }
    }

    @Test("a hook runs once a turn, however often it was queued")
    func hookOnce() async throws {
        try await withLoop { loop in
            let journal = Journal<String>()
            await loop.perform {
                let hook = ClosureHook { journal.append("hook") }
                for _ in 0..<10 { loop.atEndOfTurn(hook.hook) }
                #expect(hook.hook.isQueued)
                journal.append("job")
                // Kept until the hook ran, which is before the next job.
                let box = HookBox(hook)
                loop.post { withExtendedLifetime(box) {} }
            }
            await loop.perform { journal.append("next") }
            #expect(journal.entries == ["job", "hook", "next"])
        }
    }

    @Test("hooks run in the order of queueing, and one that a hook queues runs a turn later")
    func hookOrder() async throws {
        try await withLoop { loop in
            let journal = Journal<String>()
            await withCheckedContinuation { continuation in
                loop.post {
                    let last = ClosureHook {
                        journal.append("last")
                        continuation.resume()
                    }
                    let first = ClosureHook {
                        journal.append("first")
                        loop.atEndOfTurn(last.hook)
                        loop.post { journal.append("turn") }
                    }
                    let second = ClosureHook { journal.append("second") }
                    loop.atEndOfTurn(first.hook)
                    loop.atEndOfTurn(second.hook)
                    let box = HookBox(first, second, last)
                    loop.post { loop.post { withExtendedLifetime(box) {} } }
                }
            }
            #expect(journal.entries.filter { $0 != "turn" } == ["first", "second", "last"])
            let entries = journal.entries
            let turn = try #require(entries.firstIndex(of: "turn"))
            let last = try #require(entries.firstIndex(of: "last"))
            #expect(turn < last)
        }
    }
}

/// An actor whose thread is the loop's.
private actor Resident {
    private let loop: EventLoop

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(loop: EventLoop) { self.loop = loop }

    func isAtHome() -> Bool { loop.isCurrent }

    func isAtHomeAfterWaiting() async -> Bool {
        await withCheckedContinuation { continuation in
            Thread.detach { continuation.resume() }
        }
        return loop.isCurrent
    }

    func assumeIsolatedFromPost() async -> Bool {
        await withCheckedContinuation { continuation in
            loop.post { continuation.resume(returning: self.assumeIsolated { $0.loop.isCurrent }) }
        }
    }
}

/// Carries hooks into a later job, which runs on the same thread.
// Only the loop's thread makes, opens and drops it.
private final class HookBox: @unchecked Sendable {
    private let hooks: [ClosureHook]

    init(_ hooks: ClosureHook...) { self.hooks = hooks }
}
