internal import ControlAPI
internal import GraphModel
internal import Logging
internal import Reconciliation

// Changes that go back by themselves unless a person keeps them.
extension Reconciler {
    /// The reason of what is answered while a change awaits its confirmation.
    static let confirmPending = "ConfirmPending"
    /// How soon to try again to go back, in nanoseconds.
    private static let againNanoseconds: UInt64 = 2_000_000_000

    /// Keeps the change that awaits a confirmation.
    ///
    /// - Parameter generation: Which one the person means; `nil` is whichever awaits it.
    /// - Returns: Whether it is kept.
    func confirm(_ generation: UInt64?) async -> Verdict {
        await alone { reconciler in
            var verdict = reconciler.keepPending(generation)
            verdict.generation = reconciler.memory.generation
            return verdict
        }
    }

    private func keepPending(_ generation: UInt64?) -> Verdict {
        guard let pending = store.pendingConfirmation, pending.remainingNanoseconds(clock) > 0
        else {
            return Verdict(
                generation == nil || generation == memory.generation ? .failure : .rejected,
                "NothingPending",
                "no change awaits a confirmation; live is generation \(memory.generation)"
            )
        }
        if let generation, generation != pending.generation {
            return Verdict(
                .rejected,
                "OtherGeneration",
                "generation \(pending.generation) awaits a confirmation, not \(generation)"
            )
        }
        do throws(StateError) {
            try store.settle(pending, isKept: true)
        } catch {
            return Verdict(.failure, "HistoryNotWritable", error.reason)
        }
        emit(.confirmKept, digest: pending.digest, ["generation": .integer(asInteger(pending))])
        // What the files wish meanwhile is looked at now.
        wantTimer(afterNanoseconds: 1_000_000)
        settlePendingConditions()
        return Verdict(.done, "Confirmed", "generation \(pending.generation) is kept")
    }

    private func settlePendingConditions() {
        let verdict = memory.lastVerdict
        let isHand = Self.handReasons.contains(verdict.reason)
        set(.ready, true, verdict.reason, verdict.message)
        set(.held, isHand, verdict.reason, isHand ? verdict.message : "")
    }

    /// Arms what was just committed, in the verdict and on the clock.
    func armed(_ verdict: Verdict) -> Verdict {
        guard let pending = store.pendingConfirmation, pending.generation == memory.generation
        else { return verdict }
        var verdict = verdict
        let deadline = Timestamp.text(unixSeconds: pending.deadlineUnixSeconds)
        emit(
            .confirmArmed,
            [
                "deadline": .text(deadline),
                "reverts_to": .integer(Int64(clamping: pending.revertsTo)),
            ]
        )
        verdict.pending = pending
        wantTimer(afterNanoseconds: pending.remainingNanoseconds(clock))
        return verdict
    }

    /// While a change awaits its confirmation nothing else is tried, and at its end it goes back.
    ///
    /// - Returns: What to answer to whoever wants a look; `nil` when nothing is awaited.
    func awaitConfirmation() async -> Verdict? {
        guard let pending = store.pendingConfirmation else { return nil }
        let left = pending.remainingNanoseconds(clock)
        guard left > 0 else { return await goBack(from: pending) }
        wantTimer(afterNanoseconds: left)
        let sentence =
            "generation \(pending.generation) goes back to \(pending.revertsTo) unless "
            + "`sluice confirm` comes in time; the files wait until then"
        set(.held, true, Self.confirmPending, sentence)
        set(.reconciling, false, "Idle")
        return Verdict(.busy, Self.confirmPending, sentence)
    }

    /// A person took the change back before its time was over.
    func takeBack(_ pending: PendingConfirmation) {
        guard store.pendingConfirmation == pending else { return }
        expire(pending, "taken back")
    }

    private func goBack(from pending: PendingConfirmation) async -> Verdict {
        guard let record = keptGeneration(pending.revertsTo), let resolved = graphToReturn(record)
        else {
            // There is nothing to go back to: what is live stays, loudly.
            set(.degraded, true, "RevertFailed", "generation \(pending.revertsTo) cannot be read")
            logger.error("cannot go back", metadata: ["generation": "\(pending.revertsTo)"])
            expire(pending, "the generation to return to cannot be read")
            return Verdict(.undoIncomplete, "RevertFailed", "there is nothing to go back to")
        }
        var attempt = Attempt(
            desired: resolved,
            source: memory.seenSource ?? "",
            origin: .unconfirmed,
            drainTimeoutNanoseconds: drainTimeoutNanoseconds,
            announcedLooks: announcedLooks
        )
        // Going back is what the person agreed to; no guard asks again.
        attempt.allowed = Set(graph.liveDescription.exports.keys)
            .union(graph.liveDescription.nodes.keys)
        attempt.commit = record.commit
        let verdict = await bringByHand(attempt, Self.rolledBack)
        guard verdict.exit == .done else {
            set(.degraded, true, "RevertFailed", verdict.message)
            logger.error("cannot go back yet", metadata: ["reason": "\(verdict.message)"])
            wantTimer(afterNanoseconds: Self.againNanoseconds)
            return Verdict(.undoIncomplete, "RevertFailed", verdict.message)
        }
        expire(pending, "not confirmed in time")
        wantTimer(afterNanoseconds: 1_000_000)
        logger.warning(
            "not confirmed in time",
            metadata: [
                "generation": "\(pending.generation)", "revertedTo": "\(pending.revertsTo)",
            ]
        )
        var answer = Verdict(
            .applyFailed,
            "NotConfirmed",
            "generation \(pending.generation) was not confirmed in time; the graph of "
                + "\(pending.revertsTo) is live again as \(memory.generation)"
        )
        answer.receipt = verdict.receipt
        return answer
    }

    private func graphToReturn(_ record: GenerationRecord) -> DesiredState? {
        let desired = DesiredState(record: record)
        return desired.resolved == nil ? nil : desired
    }

    private func expire(_ pending: PendingConfirmation, _ why: String) {
        do throws(StateError) {
            try store.settle(pending, isKept: false)
        } catch {
            logger.error("confirmation not settled", metadata: ["reason": "\(error.reason)"])
        }
        emit(
            .confirmExpired,
            digest: pending.digest,
            [
                "deadline": .text(Timestamp.text(unixSeconds: pending.deadlineUnixSeconds)),
                "reverts_to": .integer(Int64(clamping: pending.revertsTo)), "why": .text(why),
            ]
        )
        quarantine(pending.digest, why)
        memory.outcomes.set(.rejected("NotConfirmed: \(why)"), of: pending.digest)
    }

    private func asInteger(_ pending: PendingConfirmation) -> Int64 {
        Int64(clamping: pending.generation)
    }

    /// What a confirmation cannot promise to take back.
    func confirmationRefusals(_ attempt: Attempt, _ plan: Plan) -> [Diagnostic] {
        guard attempt.confirmSeconds != nil else { return [] }
        return plan.actions.filter { $0.undo != .free }.map { action in
            Diagnostic(
                code: "E0620",
                message: "\(action.object): "
                    + (action.undo == .oneWay
                        ? "what grows does not shrink again "
                        : "going back would lose what is written meanwhile ")
                    + "(\(action.undo.rawValue)), so it cannot be promised",
                mark: action.source,
                help: ["apply it without --confirm"]
            )
        }
    }
}
