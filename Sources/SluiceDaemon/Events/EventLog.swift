internal import GraphModel
internal import RingLoop

/// What happened, one JSON object each: the newest are kept, and whoever follows gets each as it
/// comes.
///
/// Never on the data path; emitting waits for nobody.
package final class EventLog: Sendable {
    /// Most events that are kept for who comes later.
    static let keptMax = 2_000
    /// Most bytes of them.
    static let keptBytesMax = 4 << 20
    /// Most events that wait for one slow follower; then it loses the oldest.
    static let waitingMax = 4_000

    /// One event.
    struct Event: Sendable {
        let number: UInt64
        let line: [UInt8]
    }

    private struct State: Sendable {
        var numbers: EventNumbers
        var kept: [Event] = []
        var keptBytes = 0
        var followers: [UInt64: AsyncStream<[UInt8]>.Continuation] = [:]
        var followerCount: UInt64 = 0
    }

    private let state: Locked<State>
    private let clock: DaemonClock

    /// A log that goes on with the numbers of a state directory.
    package init(store: StateStore, clock: DaemonClock) {
        state = Locked(State(numbers: EventNumbers(directory: store.directory)))
        self.clock = clock
    }

    /// Takes note of an event and tells it to whoever follows.
    func emit(
        _ kind: EventKind,
        digest: String = "",
        generation: UInt64 = 0,
        _ members: [JSONValue.Member] = []
    ) {
        let time = Timestamp.text(unixSeconds: clock.unixSeconds())
        state.withLock { state in
            let number = state.numbers.take()
            let line = Self.line(number, time, kind, digest, generation, members)
            if kind != .heartbeat { Self.keep(Event(number: number, line: line), in: &state) }
            for follower in state.followers.values { follower.yield(line) }
        }
    }

    /// Events after a number, and those to come when they are followed.
    ///
    /// - Parameters:
    ///   - number: The last one that is known; `nil` wants only what is to come.
    ///   - isFollowed: Whether the stream goes on with what happens.
    /// - Returns: Lines of JSON, each with its end, and what ends them.
    func lines(
        after number: UInt64?,
        isFollowed: Bool
    ) -> (lines: AsyncStream<[UInt8]>, end: @Sendable () -> Void) {
        let (stream, continuation) = AsyncStream.makeStream(
            of: [UInt8].self,
            bufferingPolicy: .bufferingNewest(Self.waitingMax)
        )
        let time = Timestamp.text(unixSeconds: clock.unixSeconds())
        let follower = state.withLock { state -> UInt64? in
            if let number {
                if let lost = Self.lost(after: number, in: state) {
                    continuation.yield(
                        Self.line(
                            lost,
                            time,
                            .gap,
                            "",
                            0,
                            [.init("after", .integer(Int64(clamping: number)))]
                        )
                    )
                }
                for event in state.kept where event.number > number {
                    continuation.yield(event.line)
                }
            }
            guard isFollowed else { return nil }
            state.followerCount += 1
            state.followers[state.followerCount] = continuation
            return state.followerCount
        }
        guard let follower else {
            continuation.finish()
            return (stream, {})
        }
        continuation.onTermination = { [weak self] _ in self?.forget(follower) }
        return (stream, { continuation.finish() })
    }

    private func forget(_ follower: UInt64) {
        state.withLock { state in _ = state.followers.removeValue(forKey: follower) }
    }

    /// The last number that is not kept any more, when one after the given number is gone.
    private static func lost(after number: UInt64, in state: State) -> UInt64? {
        guard let first = state.kept.first?.number, number > 0, number < first - 1 else {
            return nil
        }
        return first - 1
    }

    private static func keep(_ event: Event, in state: inout State) {
        state.kept.append(event)
        state.keptBytes += event.line.count
        guard state.kept.count > keptMax || state.keptBytes > keptBytesMax else { return }
        // A quarter at a time, so that dropping costs little for each event.
        let dropped = max(1, state.kept.count / 4)
        state.keptBytes -= state.kept[..<dropped].reduce(0) { $0 + $1.line.count }
        state.kept.removeFirst(dropped)
    }

    private static func line(
        _ number: UInt64,
        _ time: String,
        _ kind: EventKind,
        _ digest: String,
        _ generation: UInt64,
        _ members: [JSONValue.Member]
    ) -> [UInt8] {
        let head: [JSONValue.Member] = [
            .init("format", "sluice.event/1"), .init("seq", .integer(Int64(clamping: number))),
            .init("time", .text(time)), .init("type", .text(kind.rawValue)),
            .init("digest", .text(digest)),
            .init("generation", .integer(Int64(clamping: generation))),
        ]
        return JSONValue.object(head + members).compactBytes + [UInt8(ascii: "\n")]
    }
}

/// What can happen.
enum EventKind: String, Sendable {
    case sourceDirty = "source.dirty"
    case sourceLost = "source.lost"
    case sourceBack = "source.back"
    case sourceHeld = "source.held"
    case configAccepted = "config.accepted"
    case configRejected = "config.rejected"
    case configSuperseded = "config.superseded"
    case planReady = "plan.ready"
    case planHeld = "plan.held"
    case planConflict = "plan.conflict"
    case transactionStart = "tx.start"
    case transactionStep = "tx.step"
    case transactionCommit = "tx.commit"
    case transactionUndo = "tx.undo"
    case transactionEnd = "tx.end"
    case transactionReceipt = "tx.receipt"
    case exportPaused = "export.paused"
    case exportResumed = "export.resumed"
    case confirmArmed = "confirm.armed"
    case confirmKept = "confirm.kept"
    case confirmExpired = "confirm.expired"
    case driftFound = "drift.found"
    case driftHealed = "drift.healed"
    case quarantineSet = "quarantine.set"
    case quarantineLifted = "quarantine.lifted"
    case holdSet = "hold.set"
    case holdExpired = "hold.expired"
    /// A transaction is still at work.
    case heartbeat = "heartbeat"
    /// Events that were asked for are not kept any more.
    case gap = "events.gap"
}
