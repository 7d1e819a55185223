internal import BlockGraph
package import ControlAPI
internal import FileWatching
internal import GraphModel
package import Logging
internal import RingLoop
internal import Synchronization

/// Brings the live graph to what the sources wish, and keeps it when they wish nothing good.
///
/// The only one who asks the data plane for a change. One look or apply at a time.
package actor Reconciler {
    let reader: SourceReader
    let graph: any GraphApplying
    let logger: Logger
    let clock: DaemonClock
    let guards = Guards()
    let drainTimeoutNanoseconds: UInt64

    var store: StateStore
    var memory: ReconcilerMemory
    var conditions: Conditions
    private var lane = Lane()
    private var isApplyingByHand = false

    private nonisolated let published: Locked<ReconcilerReport>
    private nonisolated let looksWanted = Atomic<UInt64>(0)
    private nonisolated let overflows = Atomic<Int>(0)
    private nonisolated let delays: AsyncStream<UInt64>.Continuation
    /// Waits, in nanoseconds, after each of which a look with cause `timer` is wanted.
    package nonisolated let wantedDelays: AsyncStream<UInt64>

    /// A reconciler that has not looked yet.
    package init(
        reader: SourceReader,
        store: StateStore,
        graph: any GraphApplying,
        logger: Logger,
        clock: DaemonClock = DaemonClock(),
        drainTimeoutNanoseconds: UInt64 = 5_000_000_000
    ) {
        self.reader = reader
        self.store = store
        self.graph = graph
        self.logger = logger
        self.clock = clock
        self.drainTimeoutNanoseconds = drainTimeoutNanoseconds
        memory = ReconcilerMemory()
        conditions = Conditions(nowUnixSeconds: clock.unixSeconds())
        published = Locked(ReconcilerReport(conditions: conditions))
        (wantedDelays, delays) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(64))
    }

    /// How it goes; never waits.
    package nonisolated var report: ReconcilerReport { published.withLock { $0 } }

    /// Says that newer files may be there, so that an apply of older ones is given up before its
    /// commit; a ``look(_:)`` follows.
    package nonisolated func expectLook(afterOverflow isOverflow: Bool = false) {
        looksWanted.wrappingAdd(1, ordering: .sequentiallyConsistent)
        if isOverflow { overflows.wrappingAdd(1, ordering: .relaxed) }
    }

    /// Looks at the sources and brings the live graph to what they wish.
    package func look(_ cause: LookCause) async -> Verdict {
        await enter()
        defer { leave() }
        var verdict = await consider(cause)
        let isLive = verdict.exit == .done && verdict.reason != Self.byHand
        if cause == .start, !isLive { await serveLastCommitted(becauseOf: verdict) }
        verdict.generation = memory.generation
        return verdict
    }

    /// Applies a configuration that a person handed in.
    package func apply(_ request: ApplyRequest) async -> Verdict {
        guard !isApplyingByHand else {
            return Verdict(.busy, "Busy", "another apply is at work; try again when it is done")
        }
        isApplyingByHand = true
        defer { isApplyingByHand = false }
        await enter()
        defer { leave() }
        var verdict = await bringByHand(request)
        verdict.generation = memory.generation
        return verdict
    }

    /// Asks for a look with cause `timer` after a wait.
    func wantTimer(afterNanoseconds delay: UInt64) { delays.yield(delay) }

    /// How many looks were announced; compared by ``isOvertaken(since:source:)``.
    nonisolated var announcedLooks: UInt64 { looksWanted.load(ordering: .sequentiallyConsistent) }

    /// Sets a condition now.
    func set(_ kind: Conditions.Kind, _ isTrue: Bool, _ reason: String, _ message: String = "") {
        conditions.set(
            kind,
            isTrue,
            reason: reason,
            message: message,
            nowUnixSeconds: clock.unixSeconds()
        )
    }

    /// Lets others see how it goes.
    func publish() {
        let report = ReconcilerReport(
            generation: memory.generation,
            digest: memory.liveDigest,
            liveSinceUnixSeconds: memory.liveSinceUnixSeconds,
            conditions: conditions,
            diagnostics: memory.diagnostics,
            quarantined: memory.quarantine.keys.sorted(),
            sources: reader.paths,
            supersededCount: memory.supersededCount,
            overflowCount: overflows.load(ordering: .relaxed)
        )
        published.withLock { $0 = report }
    }

    private func enter() async {
        guard !lane.take() else { return }
        await withCheckedContinuation { lane.wait($0) }
    }

    private func leave() {
        publish()
        lane.leave()
    }
}

/// Clocks of the daemon, so that tests have their own.
package struct DaemonClock: Sendable {
    /// Wall clock, in seconds since 1970.
    package var unixSeconds: @Sendable () -> Int64
    /// Time that never goes back, in nanoseconds.
    package var monotonicNanoseconds: @Sendable () -> UInt64
}
