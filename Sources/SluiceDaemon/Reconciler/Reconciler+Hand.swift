package import ControlAPI
internal import FileWatching
internal import GraphModel
internal import Logging
internal import Reconciliation
internal import RingLoop

// What people ask for on the control socket.
extension Reconciler {
    /// Applies a configuration that a person handed in.
    package func apply(_ request: ApplyRequest) async -> Verdict {
        await apply(request, actor: nil, abandonment: Abandonment())
    }

    /// Applies a configuration that a person handed in.
    ///
    /// - Parameters:
    ///   - request: The configuration, with what the person allows.
    ///   - actor: Who asks, for people.
    ///   - abandonment: Is set when the person does not want it any more.
    /// - Returns: What came of it.
    func apply(
        _ request: ApplyRequest,
        actor: String?,
        abandonment: Abandonment
    ) async -> Verdict {
        await byHand(abandonment) { reconciler in
            if let seconds = request.confirmSeconds, !(1...86_400).contains(seconds) {
                return Verdict(.usage, "Usage", "a confirmation may take 1 second to 24 hours")
            }
            let desired: DesiredState
            let savedPlan: SavedPlan?
            switch reconciler.wish(of: request) {
            case .refused(let verdict): return verdict
            case .desired(let wished, let plan): (desired, savedPlan) = (wished, plan)
            }
            var attempt = reconciler.attempt(desired, .hand, request.drainTimeoutNanoseconds)
            attempt.actor = actor
            attempt.allowed = Set(request.allowRemove + (savedPlan?.allowedRemovals ?? []))
            attempt.expectedPlan = request.plan
            attempt.savedPlan = savedPlan?.id
            attempt.confirmSeconds = request.confirmSeconds
            attempt.abandonment = abandonment
            return await reconciler.bringByHand(attempt, Self.byHand)
        }
    }

    /// Goes back to a generation.
    func rollBack(
        _ request: RollbackRequest,
        actor: String?,
        abandonment: Abandonment
    ) async -> Verdict {
        await byHand(abandonment, mayEndConfirmation: true) { reconciler in
            let pending = reconciler.store.pendingConfirmation
            let wanted =
                request.generation ?? pending?.revertsTo
                ?? reconciler.memory.generation.subtractingOrZero(1)
            guard let record = reconciler.keptGeneration(wanted) else {
                return Verdict(
                    .failure,
                    "NoSuchGeneration",
                    "generation \(wanted) is not kept; `sluice history` lists those that are"
                )
            }
            let desired = DesiredState(record: record)
            guard desired.resolved != nil else {
                return Verdict(
                    .conflict,
                    "PermissionConflict",
                    "generation \(wanted) is not legal any more with this version"
                )
            }
            var attempt = reconciler.attempt(desired, .rollback, request.drainTimeoutNanoseconds)
            attempt.actor = actor
            attempt.allowed = Set(request.allowRemove)
            attempt.expectedPlan = request.plan
            attempt.abandonment = abandonment
            let verdict = await reconciler.bringByHand(attempt, Self.rolledBack)
            if verdict.exit == .done, let pending { reconciler.takeBack(pending) }
            return verdict
        }
    }

    /// Gives up the apply that a person has asked for; it answers by itself.
    nonisolated func abandonHand() -> Verdict {
        guard let abandonment = handAbandonment.withLock({ $0 }) else {
            return Verdict(.done, "Idle", "no apply is at work")
        }
        abandonment.set()
        return Verdict(.done, "Abandoning", "the apply is given up unless it is committed already")
    }

    /// One apply by hand at a time, and none while another change awaits its confirmation.
    private func byHand(
        _ abandonment: Abandonment,
        mayEndConfirmation: Bool = false,
        _ work: (isolated Reconciler) async -> Verdict
    ) async -> Verdict {
        guard !isApplyingByHand else {
            return answer(
                Verdict(.busy, "Busy", "another apply is at work; try again when it is done")
            )
        }
        if let pending = store.pendingConfirmation, !mayEndConfirmation {
            return answer(
                Verdict(
                    .busy,
                    Self.confirmPending,
                    "generation \(pending.generation) awaits its confirmation; run `sluice "
                        + "confirm` or `sluice rollback` first"
                )
            )
        }
        isApplyingByHand = true
        handAbandonment.withLock { $0 = abandonment }
        defer {
            isApplyingByHand = false
            handAbandonment.withLock { $0 = nil }
        }
        await enter()
        defer { leave() }
        return answer(await work(self))
    }

    /// A verdict with what is live.
    func answer(_ verdict: Verdict) -> Verdict {
        var verdict = verdict
        verdict.generation = memory.generation
        return verdict
    }

    private func attempt(
        _ desired: DesiredState,
        _ origin: GenerationRecord.Origin,
        _ drainTimeoutNanoseconds: UInt64?
    ) -> Attempt {
        Attempt(
            desired: desired,
            source: currentSource,
            origin: origin,
            drainTimeoutNanoseconds: drainTimeoutNanoseconds ?? self.drainTimeoutNanoseconds,
            announcedLooks: announcedLooks
        )
    }

    /// Applies, and has the files below it not be tried until they change.
    func bringByHand(_ attempt: Attempt, _ reason: String) async -> Verdict {
        var verdict = await bring(attempt)
        verdict.triedDigest = attempt.desired.digest
        set(.reconciling, false, "Idle")
        guard verdict.exit == .done else { return verdict }
        settleHand(attempt.desired, reason)
        memory.outcomes.note(.live(memory.generation), of: attempt.desired.digest)
        return verdict
    }

    /// A generation that can be read.
    func keptGeneration(_ number: UInt64) -> GenerationRecord? {
        guard number > 0 else { return nil }
        // What cannot be read is as good as not kept.
        let record = (try? store.generation(number)) ?? nil
        return record?.isIntact == true ? record : nil
    }

    /// Digest of the files as they are now.
    private var currentSource: String {
        if case .files(let found) = reader.scan() { found.digest } else { memory.seenSource ?? "" }
    }

    /// Says whether what was applied by hand is what the files wish anyway.
    func settleHand(_ desired: DesiredState, _ reason: String) {
        memory.diagnostics = []
        memory.retryDueNanoseconds = nil
        liftQuarantine(desired.digest)
        if case .files(let found) = reader.scan() {
            memory.seenSource = found.digest
            let wished = desiredState(of: found)
            memory.sourceBelowHand = wished.digest == desired.digest ? nil : found.digest
            memory.acceptedPaths = Set(found.files.map(\.path))
        } else {
            memory.sourceBelowHand = memory.seenSource
        }
        memory.handReason = reason
        let isFiles = memory.sourceBelowHand == nil && memory.seenSource != nil
        if !isFiles {
            emit(.driftFound, ["object": "", "field": "", "actor": actorOfLive])
        }
        let verdict =
            isFiles
            ? Verdict(.done, "Live", "what is live matches the configuration") : handVerdict
        memory.lastVerdict = verdict
        set(.ready, true, verdict.reason, verdict.message)
        set(.held, !isFiles, verdict.reason, isFiles ? "" : verdict.message)
        setHealthy()
    }

    private var actorOfLive: JSONValue { .text(store.committed?.actor ?? "") }

    /// The reason of a verdict while a person's apply stands above the files.
    static let byHand = "AppliedByHand"
    /// The reason of a verdict while an older generation stands above the files.
    static let rolledBack = "RolledBack"
    /// Both of them.
    static let handReasons: Set<String> = [byHand, rolledBack]

    /// What is said while a person's apply stands above the files.
    var handVerdict: Verdict {
        let what =
            memory.handReason == Self.byHand
            ? "what is live was applied by hand" : "what is live is an older generation"
        return Verdict(
            .done,
            memory.handReason,
            "\(what); the files are tried when they change next, or with `sluice retry`"
        )
    }
}

extension UInt64 {
    fileprivate func subtractingOrZero(_ other: UInt64) -> UInt64 {
        self > other ? self - other : 0
    }
}
