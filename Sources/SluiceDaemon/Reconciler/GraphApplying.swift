package import BlockGraph
package import GraphModel

/// The live graph as the reconciler sees it.
package protocol GraphApplying: Sendable {
    /// What is live.
    var liveGraph: ResolvedGraph { get }
    /// Connected clients of some exports, by export.
    func clientCounts(of exports: [String]) -> [String: Int]
    /// Makes the live graph what a plan says, wholly or not at all.
    func apply(
        _ change: GraphChange,
        stages: ApplyStages
    ) async throws(GraphError) -> Receipt
    /// Says what the live graph is called, when nothing of it changes.
    func name(generation: UInt64, digest: String)
}

extension GraphApplying {
    /// What is live, without its permissions.
    var liveDescription: GraphDescription { liveGraph.description }
}

extension DataPlane: GraphApplying {
    package nonisolated var liveGraph: ResolvedGraph { snapshot.resolved }

    package nonisolated func clientCounts(of exports: [String]) -> [String: Int] {
        let live = snapshot.exports
        var counts: [String: Int] = [:]
        for name in exports { counts[name] = live[name]?.handler.clients.count }
        return counts
    }
}
