internal import BlockGraph
internal import ControlAPI
internal import FileWatching
internal import GraphModel
package import Logging
package import Reconciliation
internal import RingLoop
internal import Synchronization

/// Brings the live graph to what the sources wish, and keeps it when they wish nothing good.
///
/// The only one who asks the data plane for a change. One look or apply at a time.
package actor Reconciler {
    let reader: SourceReader
    let graph: any GraphApplying
    nonisolated let events: EventLog
    let logger: Logger
    nonisolated let clock: DaemonClock
    nonisolated let guards: PlanGuards
    let drainTimeoutNanoseconds: UInt64

    /// What was parsed already.
    var documents = DocumentCache()
    /// The digest of what is live.
    var liveDigest = KnownDigest()
    var store: StateStore
    var memory: ReconcilerMemory
    var conditions: Conditions
    private var lane = Lane()
    var isApplyingByHand = false

    /// Whether a transaction is at work; read by whoever sends heartbeats.
    nonisolated let isAtWork = Locked(false)
    /// What ends the apply that a person has asked for.
    nonisolated let handAbandonment = Locked<Abandonment?>(nil)
    nonisolated let bell = ChangeBell()
    private nonisolated let published: Locked<ReconcilerReport>
    /// What is published when the switch is made.
    private nonisolated let sealed = Locked<ReconcilerReport?>(nil)
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
        guards: PlanGuards = PlanGuards(),
        drainTimeoutNanoseconds: UInt64 = 5_000_000_000
    ) {
        self.reader = reader
        self.store = store
        self.graph = graph
        self.logger = logger
        self.clock = clock
        self.guards = guards
        self.drainTimeoutNanoseconds = drainTimeoutNanoseconds
        events = EventLog(store: store, clock: clock)
        memory = ReconcilerMemory(hold: store.hold, quarantine: store.quarantine)
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
        if cause == .start { publish() }
        var verdict = await consider(cause)
        if cause == .start, !isServingFiles(verdict) { await serveAtStart(becauseOf: verdict) }
        verdict.generation = memory.generation
        if cause == .start { tellDamage() }
        memory.hasLooked = true
        return verdict
    }

    /// Whether what is live is what the files say.
    func isServingFiles(_ verdict: Verdict) -> Bool {
        verdict.exit == .done && !Self.isByHand(verdict)
    }

    /// Runs one piece of work while no other look or apply is at work.
    func alone<Answer: Sendable>(
        _ work: (isolated Reconciler) async -> Answer
    ) async -> Answer {
        await enter()
        defer { leave() }
        return await work(self)
    }

    /// Asks for a look with cause `timer` after a wait.
    func wantTimer(afterNanoseconds delay: UInt64) { delays.yield(delay) }

    /// How many looks were announced.
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

    /// Tells an event about what is live, or about another digest.
    func emit(
        _ kind: EventKind,
        digest: String? = nil,
        _ members: KeyValuePairs<String, JSONValue> = [:]
    ) {
        events.emit(
            kind,
            digest: digest ?? memory.liveDigest,
            generation: memory.generation,
            members.map { JSONValue.Member($0.key, $0.value) }
        )
    }

    /// Lets others see how it goes.
    func publish() {
        let report = newReport
        published.withLock { $0 = report }
        bell.ring()
    }

    /// Keeps what others shall see as soon as the switch is made.
    func keepForPublication() {
        let report = newReport
        sealed.withLock { $0 = report }
    }

    /// Lets others see what was switched to; called in the middle of the switch.
    nonisolated func publishSealed() {
        let report = sealed.withLock { sealed in
            defer { sealed = nil }
            return sealed
        }
        guard let report else { return }
        published.withLock { $0 = report }
        bell.ring()
    }

    private var newReport: ReconcilerReport {
        ReconcilerReport(
            hasLooked: memory.hasLooked,
            generation: memory.generation,
            digest: memory.liveDigest,
            liveSinceUnixSeconds: memory.liveSinceUnixSeconds,
            conditions: conditions,
            diagnostics: memory.diagnostics,
            quarantined: memory.quarantine.keys.sorted(),
            sources: reader.paths,
            supersededCount: memory.supersededCount,
            overflowCount: overflows.load(ordering: .relaxed),
            commit: memory.commit,
            down: memory.down,
            hold: memory.hold,
            pending: store.pendingConfirmation,
            forecast: memory.pauses.forecast(boundNanoseconds: drainTimeoutNanoseconds),
            outcomes: memory.outcomes,
            files: memory.files,
            verdict: memory.lastVerdict
        )
    }

    /// Waits until no other look or apply is at work.
    func enter() async {
        guard !lane.take() else { return }
        await withCheckedContinuation { lane.wait($0) }
    }

    /// Lets the next look or apply go to work.
    func leave() {
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
    /// Time since the machine was started, sleep included, in nanoseconds.
    package var bootNanoseconds: @Sendable () -> UInt64
    /// Name of this run of the machine.
    package var bootIdentifier: String
}
