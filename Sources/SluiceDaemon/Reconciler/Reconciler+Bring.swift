internal import BlockGraph
internal import ControlAPI
internal import GraphModel
internal import Logging
internal import Reconciliation
internal import RingLoop

extension Reconciler {
    /// Plans against what is live, asks the guards, and has the plan applied.
    func bring(_ attempt: Attempt) async -> Verdict {
        guard let resolved = attempt.desired.resolved else { return attempt.desired.rejection }
        let live = graph.liveGraph
        let plan = attempt.desired.plan(from: live, allowed: attempt.allowed)
        if attempt.expectedPlan == nil, plan.isEmpty { return adopted(attempt) }
        let identity = plan.identity(
            liveDigest: liveDigest.digest(of: live.description),
            desiredDigest: attempt.desired.digest
        )
        if let expected = attempt.expectedPlan, expected != identity.id {
            return Verdict(
                .stalePlan,
                "StalePlan",
                "what is live has moved since the plan was made; plan again and look at it"
            )
        }
        if plan.isEmpty { return adopted(attempt) }
        let refusals =
            plan.refusals + confirmationRefusals(attempt, plan)
            + guards.results(
                of: plan,
                clients: graph.clientCounts(
                    of: plan.exports.filter { $0.impact == .stops }.map(\.name)
                ),
                allowed: attempt.allowed
            ).compactMap(\.finding)
        guard refusals.isEmpty else { return held(attempt, plan, identity, refusals) }
        emit(
            .planReady,
            digest: attempt.desired.digest,
            ["plan_id": .text(identity.id), "summary": .text(plan.summary), "guards": []]
        )
        set(.reconciling, true, "Applying", plan.summary)
        publish()
        return await transact(attempt, resolved, plan, identity)
    }

    private func held(
        _ attempt: Attempt,
        _ plan: Plan,
        _ identity: Plan.Identity,
        _ refusals: [Diagnostic]
    ) -> Verdict {
        var verdict = Verdict(
            .refused,
            "NeedsApproval",
            refusals.map(\.message).joined(separator: "; ")
        )
        verdict.diagnostics = refusals
        // A rescan finds the same again and again; that is said once.
        if attempt.isByHand || memory.lastVerdict.message != verdict.message {
            emit(
                .planHeld,
                digest: attempt.desired.digest,
                [
                    "plan_id": .text(identity.id), "summary": .text(plan.summary),
                    "guards": .list(refusals.map(\.json)),
                ]
            )
        }
        return verdict
    }

    private func transact(
        _ attempt: Attempt,
        _ resolved: ResolvedGraph,
        _ plan: Plan,
        _ identity: Plan.Identity
    ) async -> Verdict {
        let isReturn = isReturn(to: attempt.desired.digest)
        var record = record(of: attempt, plan, identity)
        if isReturn, let last = store.committed { record = last }
        let change = GraphChange(
            desired: resolved,
            plan: plan,
            generation: record.generation,
            digest: record.digest,
            baseDirectory: attempt.desired.baseDirectory,
            drainTimeoutNanoseconds: attempt.drainTimeoutNanoseconds
        )
        let story = TransactionStory(
            plan: plan,
            identity: identity,
            record: record,
            events: events
        )
        let startNanoseconds = clock.monotonicNanoseconds()
        isAtWork.withLock { $0 = true }
        defer { isAtWork.withLock { $0 = false } }
        story.start()
        do throws(GraphError) {
            if !isReturn { try prepare(record) }
            let receipt = try await graph.apply(
                change,
                stages: stages(attempt, record, isReturn: isReturn, story)
            )
            let expected = memory.pauses.forecast(boundNanoseconds: drainTimeoutNanoseconds)
            memory.pauses.learn(from: receipt)
            record.receipt = receipt.json(of: plan, expected)
            if !isReturn { keep(record) }
            memory.isPartial = false
            memory.down = [:]
            liveDigest.note(attempt.desired.named)
            story.end(record)
            logger.info(
                "applied",
                metadata: [
                    "generation": "\(record.generation)", "digest": "\(record.digest)",
                    "plan": "\(plan.summary)",
                    "durationMilliseconds":
                        "\((clock.monotonicNanoseconds() - startNanoseconds) / 1_000_000)",
                ]
            )
            var verdict = Verdict(.done, "Live", "generation \(record.generation) is live")
            verdict.receipt = record.receipt
            return armed(verdict)
        } catch {
            if error.code == .verifyFailed { keep(record) } else { store.discard() }
            story.undo(error)
            return failure(error, attempt)
        }
    }

    /// Whether a configuration is the committed one, which is not wholly live yet in this run.
    private func isReturn(to digest: String) -> Bool {
        (memory.generation == 0 || memory.isPartial) && store.committed?.digest == digest
    }

    private func stages(
        _ attempt: Attempt,
        _ record: GenerationRecord,
        isReturn: Bool,
        _ story: TransactionStory
    ) -> ApplyStages {
        var stages = ApplyStages()
        stages.beforeDrain = { () async throws(GraphError) in
            try await self.pass(attempt, isReturn ? nil : record)
            story.drain()
        }
        stages.beforeCommit = { () async throws(GraphError) in
            try await self.seal(attempt, record, isReturn: isReturn)
        }
        stages.committed = {
            self.publishSealed()
            story.commit()
        }
        return stages
    }

    /// The last word before the drain: newer files go first, and the intent is on the disk.
    private func pass(_ attempt: Attempt, _ record: GenerationRecord?) throws(GraphError) {
        try checkAbandonment(attempt)
        if !attempt.isByHand, announcedLooks != attempt.announcedLooks,
            case .files(let found) = reader.scan(), found.digest != attempt.source
        {
            throw GraphError(
                code: .abandoned,
                object: GraphError.superseded,
                reason: "newer files have arrived"
            )
        }
        guard let record else { return }
        do throws(StateError) {
            try store.intend(record)
        } catch {
            throw GraphError(error, "journal")
        }
    }

    /// The last word before the switch: from here on a restart finds the new graph.
    private func seal(
        _ attempt: Attempt,
        _ record: GenerationRecord,
        isReturn: Bool
    ) throws(GraphError) {
        try checkAbandonment(attempt)
        if !isReturn {
            let pending = attempt.confirmSeconds.map { seconds in
                PendingConfirmation(
                    generation: record.generation,
                    digest: record.digest,
                    revertsTo: memory.generation,
                    seconds: seconds,
                    clock: clock
                )
            }
            do throws(StateError) {
                try store.seal(record, arming: pending)
            } catch {
                throw GraphError(error, "journal")
            }
        }
        noteLive(record)
        keepForPublication()
    }

    private func checkAbandonment(_ attempt: Attempt) throws(GraphError) {
        guard attempt.abandonment?.isSet == true else { return }
        throw GraphError(
            code: .abandoned,
            object: GraphError.interrupted,
            reason: "the apply was given up before its commit; nothing was changed"
        )
    }

    private func prepare(_ record: GenerationRecord) throws(GraphError) {
        do throws(StateError) {
            try store.prepare(record)
        } catch {
            throw GraphError(error, "history")
        }
    }

    /// Keeps what was switched to; the switch stands, whatever the disk says now.
    private func keep(_ record: GenerationRecord) {
        do throws(StateError) {
            try store.keep(record)
            if conditions.table[.degraded]?.reason == Self.historyLost {
                set(.degraded, false, "Healthy")
            }
        } catch {
            set(.degraded, true, Self.historyLost, error.reason)
            logger.error("generation not kept", metadata: ["reason": "\(error.reason)"])
        }
    }

    /// The reason why the daemon is degraded when a generation could not be kept.
    static let historyLost = "HistoryNotWritable"

    private func failure(_ error: GraphError, _ attempt: Attempt) -> Verdict {
        let isSuperseded = error.word == GraphError.superseded
        if isSuperseded { memory.supersededCount += 1 }
        logger.warning(
            isSuperseded ? "configuration superseded" : "apply failed",
            metadata: [
                "code": "\(error.findingCode)", "object": "\(error.object)",
                "reason": "\(error.reason)", "digest": "\(attempt.desired.digest)",
            ]
        )
        var verdict = Verdict(error.exit, error.word, "\(error.object): \(error.reason)")
        verdict.isHostFailure = error.mayPass
        verdict.triedDigest = attempt.desired.digest
        guard error.word == "ApplyFailed" else { return verdict }
        verdict.diagnostics = [
            Diagnostic(
                code: error.findingCode,
                message: "\(error.object): \(error.reason)",
                mark: attempt.desired.marks.mark(error.object, error.option ?? "")
            )
        ]
        return verdict
    }

    private func record(
        of attempt: Attempt,
        _ plan: Plan,
        _ identity: Plan.Identity
    ) -> GenerationRecord {
        var context = PlanContext()
        context.identity = identity
        return GenerationRecord(
            generation: store.lastGeneration + 1,
            digest: attempt.desired.digest,
            unixSeconds: clock.unixSeconds(),
            origin: attempt.origin,
            actor: attempt.actor,
            source: attempt.source,
            baseDirectory: attempt.desired.baseDirectory,
            commit: attempt.commit,
            description: attempt.desired.description,
            plan: note(attempt.savedPlan, in: plan.json(context))
        )
    }

    /// A plan's JSON with the name of the saved plan that it ran, so that it runs once.
    private func note(_ savedPlan: String?, in plan: JSONValue) -> JSONValue {
        guard let savedPlan, let members = plan.members else { return plan }
        return .object(members + [.init(GenerationRecord.savedPlanKey, .text(savedPlan))])
    }

    /// Nothing had to be switched: the configuration is live already, perhaps under another name.
    private func adopted(_ attempt: Attempt) -> Verdict {
        if memory.liveDigest.isEmpty {
            memory.liveDigest = attempt.desired.digest
            memory.generation = store.lastGeneration
            memory.liveSinceUnixSeconds = clock.unixSeconds()
            graph.name(generation: memory.generation, digest: memory.liveDigest)
        }
        return Verdict(.done, "Live", "what is live matches the configuration")
    }

    func noteLive(_ record: GenerationRecord) {
        memory.generation = record.generation
        memory.liveDigest = record.digest
        memory.liveSinceUnixSeconds = clock.unixSeconds()
    }
}
