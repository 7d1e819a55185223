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

    /// Reads the sources and does what follows from it.
    func consider(_ cause: LookCause) async -> Verdict {
        if let verdict = await awaitConfirmation() { return verdict }
        let announced = announcedLooks
        let isThorough = cause != .watch && cause != .timer
        switch reader.scan(ignoresLock: hasWaitedLongEnough, isThorough: isThorough) {
        case .lost(let reason, let message):
            return lose(reason, message, cause)
        case .moving(let reason, let message):
            return waitForWriter(reason, message)
        case .files(let found):
            memory.movingSinceNanoseconds = nil
            find(found)
            if isToBeMissedLater(found, cause) {
                return Verdict(.timeout, "FilesMissing", "files have just gone; waiting a second")
            }
            if let verdict = onHold() { return verdict }
            guard isWorthTrying(found.digest, cause) else {
                set(.reconciling, false, "Idle")
                note(memory.lastVerdict)
                return memory.lastVerdict
            }
            let verdict = await take(found, cause, announced: announced)
            remember(verdict)
            note(verdict)
            return verdict
        }
    }

    private func lose(_ reason: String, _ message: String, _ cause: LookCause) -> Verdict {
        memory.movingSinceNanoseconds = nil
        memory.seenSource = nil
        if conditions[.sourceReady] || cause == .start {
            logger.error("source lost", metadata: ["reason": "\(message)"])
            emit(.sourceLost, ["path": .text(reader.paths.first ?? ""), "reason": .text(message)])
        }
        set(.sourceReady, false, reason, message)
        set(.reconciling, false, "Idle")
        if cause == .start { set(.ready, false, reason, message) }
        return Verdict(
            .sourceMissing,
            reason,
            "\(message); what is live stays live until it is back"
        )
    }

    /// What the event says of a scan that is put off, by the condition's reason.
    private static let heldBecause = ["GitLock": "git-lock", "WriterOpen": "writer-open"]

    private func waitForWriter(_ reason: String, _ message: String) -> Verdict {
        if memory.movingSinceNanoseconds == nil {
            memory.movingSinceNanoseconds = clock.monotonicNanoseconds()
            let seconds = Int64(Self.movingNanosecondsMax / 1_000_000_000)
            emit(
                .sourceHeld,
                [
                    "why": .text(Self.heldBecause[reason] ?? "writer"),
                    "until": .text(Timestamp.text(unixSeconds: clock.unixSeconds() + seconds)),
                ]
            )
        }
        set(.reconciling, true, reason, message)
        wantTimer(afterNanoseconds: Self.soonNanoseconds)
        return Verdict(.timeout, reason, "\(message); the sources are read when that is over")
    }

    private func find(_ found: SourceScan) {
        if !conditions[.sourceReady], conditions.table[.sourceReady]?.reason != "Starting" {
            emit(.sourceBack, ["path": .text(reader.paths.first ?? "")])
        }
        let before = conditions.table[.sourceReady]?.message
        let message = summary(of: found)
        set(.sourceReady, true, "Read", message)
        if !found.oddities.isEmpty, before != message {
            logger.warning("passed over", metadata: ["sources": "\(message)"])
        }
        memory.commit = reader.gitCommit()
    }

    /// Most oddities that are named.
    private static let odditiesMax = 3

    /// What was read, and what was passed over.
    private func summary(of found: SourceScan) -> String {
        let count = found.files.count
        var text = "\(count) file\(count == 1 ? "" : "s")"
        for oddity in found.oddities.prefix(Self.odditiesMax) {
            text += "; \(oddity.path): \(oddity.reason)"
        }
        let more = found.oddities.count - Self.odditiesMax
        return more > 0 ? text + "; and \(more) more" : text
    }

    /// Whether git or a writer was waited for as long as they may take.
    private var hasWaitedLongEnough: Bool {
        guard let since = memory.movingSinceNanoseconds else { return false }
        return clock.monotonicNanoseconds() - since >= Self.movingNanosecondsMax
    }

    private func isToBeMissedLater(_ found: SourceScan, _ cause: LookCause) -> Bool {
        let isPatient = cause == .watch || cause == .rescan || cause == .timer
        let gone = memory.acceptedPaths.subtracting(found.files.map(\.path))
        guard isPatient, !gone.isEmpty, found.digest != memory.seenSource else {
            memory.missingSince = nil
            return false
        }
        let now = clock.monotonicNanoseconds()
        if let missing = memory.missingSince, missing.source == found.digest {
            return now - missing.nanoseconds < Self.missingNanoseconds
        }
        memory.missingSince = (source: found.digest, nanoseconds: now)
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
        _ found: SourceScan,
        _ cause: LookCause,
        announced: UInt64
    ) async -> Verdict {
        let isNew = found.digest != memory.seenSource
        if isNew { memory.retry.reset() }
        memory.seenSource = found.digest
        memory.files.find(found.fileDigests)
        memory.retryDueNanoseconds = nil
        if cause == .start, let last = store.committed, last.isByHand, last.source == found.digest {
            standAbove(last)
        }
        if memory.sourceBelowHand == found.digest, cause != .retry { return handVerdict }
        memory.sourceBelowHand = nil
        let desired = desiredState(of: found)
        // When the same is tried again, what was wrong stays told until it no longer is.
        if isNew { memory.diagnostics = desired.diagnostics }
        guard desired.resolved != nil else { return reject(desired, found, isNew: isNew) }
        memory.acceptedPaths = Set(found.files.map(\.path))
        if cause == .retry { liftQuarantine(desired.digest) }
        if let why = memory.quarantine[desired.digest] {
            var verdict = Verdict(
                .rejected,
                "Quarantined",
                "these files were tried and failed (\(why)); they are not tried again until they "
                    + "change or `sluice retry` is run"
            )
            verdict.triedDigest = desired.digest
            return verdict
        }
        if isNew, desired.digest != memory.liveDigest {
            let paths = found.files.prefix(Self.eventFilesMax).map(\.path)
            emit(.configAccepted, digest: desired.digest, ["files": JSONValue(texts: paths)])
        }
        var attempt = Attempt(
            desired: desired,
            source: found.digest,
            origin: .files,
            drainTimeoutNanoseconds: drainTimeoutNanoseconds,
            announcedLooks: announced
        )
        attempt.commit = memory.commit
        var verdict = await bring(attempt)
        verdict.triedDigest = desired.digest
        memory.diagnostics = desired.diagnostics
        memory.wishedAtStart = cause == .start && verdict.isHostFailure ? desired : nil
        return verdict
    }

    /// Most files and findings that an event names.
    private static let eventFilesMax = 50

    private func reject(_ desired: DesiredState, _ found: SourceScan, isNew: Bool) -> Verdict {
        let verdict = desired.rejection
        guard isNew else { return verdict }
        logger.warning(
            "configuration rejected",
            metadata: [
                "findings": "\(desired.diagnostics.count)",
                "first": "\(desired.diagnostics.first?.line ?? "")",
            ]
        )
        let kind = verdict.exit == .conflict ? EventKind.planConflict : .configRejected
        let paths = found.files.prefix(Self.eventFilesMax).map(\.path)
        emit(
            kind,
            digest: found.digest,
            [
                "files": JSONValue(texts: paths),
                "diagnostics": .list(
                    desired.diagnostics.prefix(Self.eventFilesMax).map(\.json)
                ),
            ]
        )
        return verdict
    }

    /// Keeps what came of the newest files, for `status` and for the next look.
    private func remember(_ verdict: Verdict) {
        defer { memory.lastVerdict = verdict }
        if !verdict.diagnostics.isEmpty { memory.diagnostics = verdict.diagnostics }
        if verdict.exit == .refused, verdict.message != memory.lastVerdict.message {
            logger.warning("change held", metadata: ["why": "\(verdict.message)"])
        }
        let isDone = verdict.exit == .done
        if isServingFiles(verdict) { memory.files.accept(generation: memory.generation) }
        // What was given up for newer files is tried again when those turn out to be the same.
        if verdict.reason == GraphError.superseded { memory.seenSource = nil }
        set(.ready, isDone, verdict.reason, verdict.message)
        let isHeld = verdict.exit == .refused || Self.isByHand(verdict)
        set(.held, isHeld, verdict.reason, isHeld ? verdict.message : "")
        if isDone {
            memory.retry.reset()
            setHealthy()
        }
        guard verdict.isHostFailure else {
            set(.reconciling, false, "Idle")
            let isFailure = verdict.exit == .applyFailed || verdict.exit == .undoIncomplete
            if isFailure, let digest = verdict.triedDigest { quarantine(digest, verdict.message) }
            return
        }
        let seconds = memory.retry.fail()
        memory.retryDueNanoseconds = clock.monotonicNanoseconds() + seconds * 1_000_000_000
        set(.reconciling, true, "Retrying", "next try in \(seconds) s, or when a file changes")
        wantTimer(afterNanoseconds: seconds * 1_000_000_000)
    }

    /// What the files wish is live; a history that cannot be written is another matter.
    func setHealthy() {
        let reason = conditions.table[.degraded]?.reason
        guard reason != Self.historyLost, reason != Self.stateDamaged, !memory.isPartial else {
            return
        }
        set(.degraded, false, "Healthy")
    }
}
