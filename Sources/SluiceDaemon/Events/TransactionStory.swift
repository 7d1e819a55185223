internal import BlockGraph
internal import GraphModel
internal import Reconciliation

/// Tells one transaction as events, from its start to its end.
struct TransactionStory: Sendable {
    private let phases: [PlanStep.Phase]
    private let paused: [String]
    private let planIdentity: String
    private let generation: UInt64
    private let digest: String
    private let events: EventLog

    /// The story of a plan that leads to a generation.
    init(plan: Plan, identity: Plan.Identity, record: GenerationRecord, events: EventLog) {
        phases = plan.steps.map(\.phase)
        paused = plan.drainedExports.sorted()
        planIdentity = identity.id
        generation = record.generation
        digest = record.digest
        self.events = events
    }

    /// Preparation begins.
    func start() {
        emit(.transactionStart, ["plan_id": .text(planIdentity)])
        step(.prepare)
    }

    /// Everything is prepared; exports are paused now.
    func drain() {
        step(.check)
        step(.drain)
        for export in paused {
            emit(.exportPaused, ["export": .text(export), "by": "plan"])
        }
    }

    /// The graph is switched.
    func commit() {
        step(.commit)
        emit(.transactionCommit, [:])
    }

    /// What left the graph is closed, and everything was read back.
    func end(_ record: GenerationRecord) {
        let exports = record.receipt["exports"]?.list ?? []
        for export in exports where (export["pause_ns"]?.integer ?? 0) > 0 {
            emit(
                .exportResumed,
                [
                    "export": export["name"] ?? .null,
                    "pause_us": .integer((export["pause_ns"]?.integer ?? 0) / 1_000),
                    "held_requests": export["held"] ?? .null, "by": "plan",
                ]
            )
        }
        step(.close)
        step(.verify)
        emit(.transactionReceipt, ["exports": .list(exports.map(Self.receipt))])
        emit(.transactionEnd, ["result": "live"])
    }

    /// Everything is as it was before.
    func undo(_ error: GraphError) {
        let reason: JSONValue = .text("\(error.object): \(error.reason)")
        let isUndone = error.code != .verifyFailed
        if isUndone { emit(.transactionUndo, ["reason": reason]) }
        emit(
            .transactionEnd,
            ["result": isUndone ? "undone" : "unverified", "reason": reason]
        )
    }

    private static func receipt(_ export: JSONValue) -> JSONValue {
        [
            "name": export["name"] ?? .null, "completed": export["completed"] ?? .null,
            "failed": export["failed"] ?? .null, "held": export["held"] ?? .null,
            "longest_added_us": .integer((export["longest_added_ns"]?.integer ?? 0) / 1_000),
            "forecast_us": .integer((export["forecast_ns"]?.integer ?? 0) / 1_000),
        ]
    }

    private func step(_ phase: PlanStep.Phase) {
        guard let place = phases.firstIndex(of: phase) else { return }
        emit(
            .transactionStep,
            [
                "phase": .text(phase.rawValue), "step": .integer(Int64(place + 1)),
                "of": .integer(Int64(phases.count)),
            ]
        )
    }

    private func emit(_ kind: EventKind, _ members: KeyValuePairs<String, JSONValue>) {
        events.emit(
            kind,
            digest: digest,
            generation: generation,
            members.map { JSONValue.Member($0.key, $0.value) }
        )
    }
}
