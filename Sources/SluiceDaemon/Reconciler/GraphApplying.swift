package import BlockGraph
package import GraphModel

/// The live graph as the reconciler sees it.
package protocol GraphApplying: Sendable {
    /// What is live.
    var liveDescription: GraphDescription { get }
    /// Connected clients by export.
    var clientCounts: [String: Int] { get }
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

    package nonisolated var clientCounts: [String: Int] {
        snapshot.exports.mapValues { $0.handler.clients.count }
    }
}
