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
        beforeDrain: @Sendable () async throws(GraphError) -> Void
    ) async throws(GraphError) -> Receipt
}

extension DataPlane: GraphApplying {
    package nonisolated var liveDescription: GraphDescription { snapshot.resolved.description }

    package nonisolated var clientCounts: [String: Int] {
        snapshot.exports.mapValues { $0.handler.clients.count }
    }
}
