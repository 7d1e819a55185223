import GraphModel
import RingLoop

@testable import BlockGraph
@testable import SluiceDaemon

/// A live graph that is only a value: it can be told to fail, and to let time pass before a commit.
final class FakeGraph: GraphApplying {
    private struct State {
        var live = GraphDescription()
        var clients: [String: Int] = [:]
        var failures: [GraphError] = []
        var applied: [GraphDescription] = []
        var prepared: (@Sendable () async -> Void)?
    }

    private let state = Locked(State())

    var liveGraph: ResolvedGraph { ResolvedGraph(resolving: state.withLock { $0.live }) }
    func name(generation: UInt64, digest: String) {}

    func clientCounts(of exports: [String]) -> [String: Int] { state.withLock { $0.clients } }
    /// Everything that went live, in order.
    var applied: [GraphDescription] { state.withLock { $0.applied } }

    /// Lets clients be connected to an export.
    func connect(_ count: Int, to export: String) {
        state.withLock { $0.clients[export] = count }
    }

    /// Lets the next apply fail while it prepares.
    func failNext(_ code: GraphError.Code) {
        let error = GraphError(code: code, object: "node/a", reason: "the test wants it")
        state.withLock { $0.failures.append(error) }
    }

    /// What happens once between the preparation and the commit of the next apply.
    func whenPrepared(_ action: @escaping @Sendable () async -> Void) {
        state.withLock { $0.prepared = action }
    }

    func apply(
        _ change: GraphChange,
        stages: ApplyStages
    ) async throws(GraphError) -> Receipt {
        let (failure, action) = state.withLock { state in
            defer { state.prepared = nil }
            let failure = state.failures.isEmpty ? nil : state.failures.removeFirst()
            return (failure, state.prepared)
        }
        if let failure { throw failure }
        await action?()
        try await stages.beforeDrain()
        try await stages.beforeCommit()
        let count = state.withLock { state in
            state.live = change.transition.desired.description
            state.applied.append(state.live)
            return state.applied.count
        }
        stages.committed()
        return Receipt(generation: UInt64(count), exports: [], warnings: [])
    }
}
