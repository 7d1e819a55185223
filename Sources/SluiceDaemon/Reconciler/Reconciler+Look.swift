internal import BlockGraph
internal import ControlAPI
internal import FileWatching
internal import GraphModel
internal import Logging

extension Reconciler {
    /// Longest wait for git or for a writer, in nanoseconds.
    private static let movingNanosecondsMax: UInt64 = 30_000_000_000
    /// How soon to look again when something is being changed, in nanoseconds.
    private static let soonNanoseconds: UInt64 = 200_000_000
    /// A file that is gone is missed only after this time, in nanoseconds: editors rename files
    /// away for a moment.
    private static let missingNanoseconds: UInt64 = 1_000_000_000
    /// Most digests in quarantine; the set is emptied when it is full.
    private static let quarantineMax = 1_000

    /// Reads the sources and does what follows from it.
    func consider(_ cause: LookCause) async -> Verdict {
        let announced = announcedLooks
        switch reader.scan(ignoresLock: hasWaitedLongEnough) {
        case .lost(let reason, let message):
            memory.movingSinceNanoseconds = nil
            memory.seenSource = nil
            if conditions[.sourceReady] || cause == .start {
                logger.error("source lost", metadata: ["reason": "\(message)"])
            }
            set(.sourceReady, false, reason, message)
            set(.reconciling, false, "Idle")
            return Verdict(
                .sourceMissing,
                reason,
                "\(message); what is live stays live until it is back"
            )
        case .moving(let reason, let message):
            memory.movingSinceNanoseconds =
                memory.movingSinceNanoseconds ?? clock.monotonicNanoseconds()
            set(.reconciling, true, reason, message)
            wantTimer(afterNanoseconds: Self.soonNanoseconds)
            return Verdict(.timeout, reason, "\(message); the sources are read when that is over")
        case .files(let files, let source):
            memory.movingSinceNanoseconds = nil
            set(.sourceReady, true, "Read", "\(files.count) files")
            if isToBeMissedLater(files, source, cause) {
                return Verdict(.timeout, "FilesMissing", "files have just gone; waiting a second")
            }
            guard isWorthTrying(source, cause) else {
                set(.reconciling, false, "Idle")
                return memory.lastVerdict
            }
            let verdict = await take(files, source: source, cause, announced: announced)
            remember(verdict)
            return verdict
        }
    }

    /// Whether git or a writer was waited for as long as they may take.
    private var hasWaitedLongEnough: Bool {
        guard let since = memory.movingSinceNanoseconds else { return false }
        return clock.monotonicNanoseconds() - since >= Self.movingNanosecondsMax
    }

    private func isToBeMissedLater(
        _ files: [SourceFile],
        _ source: String,
        _ cause: LookCause
    ) -> Bool {
        let isPatient = cause == .watch || cause == .rescan || cause == .timer
        let gone = memory.acceptedPaths.subtracting(files.map(\.path))
        guard isPatient, !gone.isEmpty, source != memory.seenSource else {
            memory.missingSince = nil
            return false
        }
        let now = clock.monotonicNanoseconds()
        if let missing = memory.missingSince, missing.source == source {
            return now - missing.nanoseconds < Self.missingNanoseconds
        }
        memory.missingSince = (source: source, nanoseconds: now)
        set(.reconciling, true, "FilesMissing", gone.sorted().joined(separator: ", "))
        wantTimer(afterNanoseconds: Self.missingNanoseconds)
        return true
    }

    /// The same bytes are not tried again, unless they may fare better now.
    private func isWorthTrying(_ source: String, _ cause: LookCause) -> Bool {
        guard source == memory.seenSource, cause != .retry, cause != .start else { return true }
        if memory.lastVerdict.exit == .refused { return true }
        guard cause == .timer, let due = memory.retryDueNanoseconds else { return false }
        return due <= clock.monotonicNanoseconds()
    }

    private func take(
        _ files: [SourceFile],
        source: String,
        _ cause: LookCause,
        announced: UInt64
    ) async -> Verdict {
        if source != memory.seenSource { memory.retry.reset() }
        memory.seenSource = source
        memory.retryDueNanoseconds = nil
        if cause == .start, let last = store.committed, last.isByHand, last.source == source {
            memory.sourceBelowHand = source
        }
        if memory.sourceBelowHand == source, cause != .retry { return handVerdict }
        memory.sourceBelowHand = nil
        let desired = DesiredState(files: files, baseDirectory: reader.baseDirectory)
        memory.diagnostics = desired.diagnostics
        guard desired.resolved != nil else {
            logger.warning(
                "configuration rejected",
                metadata: [
                    "findings": "\(desired.diagnostics.count)",
                    "first": "\(desired.diagnostics.first?.line ?? "")",
                ]
            )
            return desired.rejection
        }
        memory.acceptedPaths = Set(files.map(\.path))
        if cause == .retry { memory.quarantine[desired.digest] = nil }
        if let why = memory.quarantine[desired.digest] {
            return Verdict(
                .rejected,
                "Quarantined",
                "these files were tried and failed (\(why)); they are not tried again until they "
                    + "change or `sluice retry` is run"
            )
        }
        let attempt = Attempt(
            desired: desired,
            source: source,
            isByHand: false,
            allowed: [],
            drainTimeoutNanoseconds: drainTimeoutNanoseconds,
            announcedLooks: announced,
            expectedPlan: nil
        )
        return await bring(attempt)
    }

    /// Keeps what came of the newest files, for `status` and for the next look.
    private func remember(_ verdict: Verdict) {
        defer { memory.lastVerdict = verdict }
        if !verdict.diagnostics.isEmpty { memory.diagnostics = verdict.diagnostics }
        if verdict.exit == .refused, verdict.message != memory.lastVerdict.message {
            logger.warning("change held", metadata: ["why": "\(verdict.message)"])
        }
        let isDone = verdict.exit == .done
        // What was given up for newer files is tried again when those turn out to be the same.
        if verdict.reason == Self.superseded { memory.seenSource = nil }
        set(.ready, isDone, verdict.reason, verdict.message)
        set(.held, verdict.exit == .refused || verdict.reason == Self.byHand, verdict.reason)
        if isDone {
            memory.retry.reset()
            setHealthy()
        }
        guard verdict.isHostFailure else {
            set(.reconciling, false, "Idle")
            let isFailure = verdict.exit == .applyFailed || verdict.exit == .undoIncomplete
            if isFailure { quarantine(verdict) }
            return
        }
        let seconds = memory.retry.fail()
        memory.retryDueNanoseconds = clock.monotonicNanoseconds() + seconds * 1_000_000_000
        set(.reconciling, true, "Retrying", "next try in \(seconds) s, or when a file changes")
        wantTimer(afterNanoseconds: seconds * 1_000_000_000)
    }

    /// What the files wish is live; a history that cannot be written is another matter.
    func setHealthy() {
        guard conditions.table[.degraded]?.reason != Self.historyLost else { return }
        set(.degraded, false, "Healthy")
    }

    private func quarantine(_ verdict: Verdict) {
        if memory.quarantine.count >= Self.quarantineMax { memory.quarantine.removeAll() }
        guard let digest = verdict.triedDigest else { return }
        memory.quarantine[digest] = verdict.message
    }

    /// The reason of a verdict while a person's apply stands above the files.
    static let byHand = "AppliedByHand"

    /// What is said while a person's apply stands above the files.
    var handVerdict: Verdict {
        Verdict(
            .done,
            Self.byHand,
            "what is live was applied by hand; the files are tried when they change next, or "
                + "with `sluice retry`"
        )
    }
}
