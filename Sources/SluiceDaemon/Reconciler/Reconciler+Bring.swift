internal import BlockGraph
internal import ControlAPI
internal import GraphModel
internal import Logging
internal import Reconciliation

/// One try to make a configuration live.
struct Attempt: Sendable {
    let desired: DesiredState
    /// Digest of the files that it was read from.
    let source: String
    /// Whether a person handed it in.
    let isByHand: Bool
    /// Names of objects whose removal was allowed.
    let allowed: Set<String>
    let drainTimeoutNanoseconds: UInt64
    /// Looks that were announced when the files were read.
    let announcedLooks: UInt64
    /// Identity of the plan that the person saw.
    let expectedPlan: String?
}

extension Reconciler {
    /// Plans against what is live, asks the guards, and has the plan applied.
    func bring(_ attempt: Attempt) async -> Verdict {
        guard let resolved = attempt.desired.resolved else { return attempt.desired.rejection }
        let live = graph.liveDescription
        let plan = attempt.desired.plan(from: live, allowed: attempt.allowed)
        if let expected = attempt.expectedPlan, expected != plan.id {
            return Verdict(
                .stalePlan,
                "StalePlan",
                "what is live has moved since the plan was made; plan again and look at it"
            )
        }
        guard !plan.isEmpty else {
            adopt(attempt)
            return Verdict(.done, "Live", "what is live matches the configuration")
        }
        let refusals =
            plan.refusals
            + guards.refusals(
                from: live,
                to: resolved.description,
                clients: graph.clientCounts,
                allowed: attempt.allowed
            )
        guard refusals.isEmpty else {
            var verdict = Verdict(
                .refused,
                "NeedsApproval",
                refusals.map(\.message).joined(separator: "; ")
            )
            verdict.diagnostics = refusals
            return verdict
        }
        set(.reconciling, true, "Applying", plan.summary)
        publish()
        return await transact(attempt, resolved, plan)
    }

    private func transact(_ attempt: Attempt, _ resolved: ResolvedGraph, _ plan: Plan) async
        -> Verdict
    {
        let isRestart = memory.generation == 0 && store.committed?.digest == attempt.desired.digest
        var record = record(of: attempt, plan)
        if isRestart, let last = store.committed { record = last }
        let change = GraphChange(
            desired: resolved,
            plan: plan,
            baseDirectory: attempt.desired.baseDirectory,
            drainTimeoutNanoseconds: attempt.drainTimeoutNanoseconds
        )
        let startNanoseconds = clock.monotonicNanoseconds()
        do throws(GraphError) {
            if !isRestart { try prepare(record) }
            let intended = record
            let receipt = try await graph.apply(change) { () async throws(GraphError) in
                if !isRestart { try await self.pass(attempt, intended) }
            }
            record.receipt = receipt.json
            if !isRestart { commit(record) }
            noteLive(record, since: clock.unixSeconds())
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
            verdict.receipt = receipt
            return verdict
        } catch {
            store.discard()
            return failure(error, attempt)
        }
    }

    /// The last word before the switch: newer files go first, and the intent is on the disk.
    private func pass(_ attempt: Attempt, _ record: GenerationRecord) throws(GraphError) {
        if !attempt.isByHand, announcedLooks != attempt.announcedLooks,
            case .files(_, let source) = reader.scan(), source != attempt.source
        {
            throw GraphError(
                code: .abandoned,
                object: Self.superseded,
                reason: "newer files have arrived"
            )
        }
        do throws(StateError) {
            try store.intend(record)
        } catch {
            throw GraphError(code: .abandoned, object: "journal", reason: error.reason)
        }
    }

    private func prepare(_ record: GenerationRecord) throws(GraphError) {
        do throws(StateError) {
            try store.prepare(record)
        } catch {
            throw GraphError(code: .abandoned, object: "history", reason: error.reason)
        }
    }

    /// Keeps what was switched to; the switch stands, whatever the disk says now.
    private func commit(_ record: GenerationRecord) {
        do throws(StateError) {
            try store.commit(record)
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

    /// The reason of a verdict when newer files overtook these.
    static let superseded = "Superseded"

    private func failure(_ error: GraphError, _ attempt: Attempt) -> Verdict {
        let isSuperseded = error.code == .abandoned && error.object == Self.superseded
        if isSuperseded { memory.supersededCount += 1 }
        logger.warning(
            isSuperseded ? "configuration superseded" : "apply failed",
            metadata: [
                "code": "\(error.code.rawValue)", "object": "\(error.object)",
                "reason": "\(error.reason)", "digest": "\(attempt.desired.digest)",
            ]
        )
        var verdict = Verdict(
            isSuperseded ? .rejected : error.exit,
            isSuperseded ? Self.superseded : "ApplyFailed",
            "\(error.object): \(error.reason)"
        )
        verdict.isHostFailure = !isSuperseded && error.mayPass
        verdict.triedDigest = attempt.desired.digest
        if !isSuperseded {
            verdict.diagnostics = [
                Diagnostic(
                    code: error.code.rawValue,
                    message: "\(error.object): \(error.reason)",
                    mark: attempt.desired.marks.mark(error.object, error.option ?? "")
                )
            ]
        }
        return verdict
    }

    private func record(of attempt: Attempt, _ plan: Plan) -> GenerationRecord {
        GenerationRecord(
            generation: store.lastGeneration + 1,
            digest: attempt.desired.digest,
            unixSeconds: clock.unixSeconds(),
            isByHand: attempt.isByHand,
            source: attempt.source,
            baseDirectory: attempt.desired.baseDirectory,
            commit: attempt.isByHand ? nil : reader.gitCommit(),
            description: attempt.desired.description,
            plan: plan.json
        )
    }

    /// Nothing had to be switched: the configuration is live already, perhaps under another name.
    private func adopt(_ attempt: Attempt) {
        guard memory.liveDigest.isEmpty else { return }
        memory.liveDigest = attempt.desired.digest
        memory.generation = store.lastGeneration
        memory.liveSinceUnixSeconds = clock.unixSeconds()
    }

    func noteLive(_ record: GenerationRecord, since: Int64) {
        memory.generation = record.generation
        memory.liveDigest = record.digest
        memory.liveSinceUnixSeconds = since
    }
}

extension GraphError {
    /// Whether the same configuration may be applied later without being edited, because the host
    /// or the clients have changed.
    fileprivate var mayPass: Bool {
        switch code {
        case .openFailed, .readOnly, .locked, .size, .address, .noSpace, .inUse, .drainTimeout,
            .abandoned:
            true
        case .notOpenable, .verifyFailed, .shuttingDown: false
        }
    }

    /// The exit code that a command ends with.
    fileprivate var exit: ExitStatus {
        switch code {
        case .inUse: .refused
        case .verifyFailed: .undoIncomplete
        default: .applyFailed
        }
    }
}
