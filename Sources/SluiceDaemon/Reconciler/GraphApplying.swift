package import BlockGraph
package import GraphModel

/// The live graph as the reconciler sees it.
package protocol GraphApplying: Sendable {
    /// What is live.
    var liveDescription: GraphDescription { get }
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

extension DataPlane: GraphApplying {
    package nonisolated var liveDescription: GraphDescription { snapshot.resolved.description }

    package nonisolated func clientCounts(of exports: [String]) -> [String: Int] {
        let live = snapshot.exports
        var counts: [String: Int] = [:]
        for name in exports { counts[name] = live[name]?.handler.clients.count }
        return counts
    }
}
