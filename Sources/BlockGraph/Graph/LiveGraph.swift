import GraphModel
package import RingLoop

/// The live graph as the control plane sees it: open nodes, threads and exports by name.
///
/// Confined to the actor that owns it; it makes no decision and opens nothing by itself. Requests
/// see ``GraphLoop`` instead.
package final class LiveGraph {
    /// An open node.
    struct Record {
        let identity: NodeIdentity
        var description: NodeDescription
        let node: any OpenNode
        var limits: BlockLimits
        var masks: EdgeMasks
    }

    /// Name of the thread that serves what names no thread.
    package static let defaultThread = "default"

    /// Turns of every loop that a receipt waits at most for what the switch held.
    static let heldTurnsMax = 16

    let kinds: [String: any BlockDriverKind]
    let participants: [any GraphParticipant]
    let services: [String: any ExportService]

    var generation: UInt64 = 0
    var resolved: ResolvedGraph
    var records: [String: Record] = [:]
    var exports: [String: GraphSnapshot.ExportState] = [:]
    /// What of ``records`` is told.
    var states: [String: GraphSnapshot.NodeState] = [:]
    var threads: [String: GraphLoop]
    /// Views that each thread has: identities, with the nodes at the ends of their edges.
    var views: [String: [NodeIdentity: [EdgeEnd]]] = [:]
    /// Nodes that left and whose last requests were not answered yet.
    var lingering: [(generation: UInt64, record: Record)] = []
    /// Loops of transactions that gave up waiting for a node that did not answer.
    var stuckAccess: [AccessLoop] = []
    /// Whether a transaction is at work, which closes by itself what can be closed.
    var isChanging = false
    /// Told when ``closeLingering()`` has something to do.
    let answeredLate: @Sendable () -> Void
    private var identityCount: UInt64 = 0

    /// An empty live graph.
    ///
    /// - Parameters:
    ///   - kinds: Drivers that can be opened.
    ///   - participants: What changes with the graph besides nodes and exports.
    ///   - services: Export types at work.
    ///   - defaultLoop: Serves what names no thread; started by the caller.
    ///   - answeredLate: Called on any thread when ``closeLingering()`` has something to do.
    package init(
        kinds: [any BlockDriverKind],
        participants: [any GraphParticipant],
        services: [any ExportService],
        defaultLoop: EventLoop,
        answeredLate: @escaping @Sendable () -> Void = {}
    ) {
        self.answeredLate = answeredLate
        self.kinds = Dictionary(uniqueKeysWithValues: kinds.map { ($0.name, $0) })
        self.participants = participants
        self.services = Dictionary(uniqueKeysWithValues: services.map { ($0.type, $0) })
        resolved = ResolvedGraph.empty
        threads = [
            Self.defaultThread: GraphLoop(loop: defaultLoop, answeredLate: answeredLate)
        ]
    }

    /// The end of a view's edge.
    struct EdgeEnd: Hashable {
        let name: String
        let child: NodeIdentity
    }

    func nextIdentity() -> NodeIdentity {
        identityCount += 1
        return NodeIdentity(number: identityCount)
    }

    /// The live graph at this moment.
    package var snapshot: GraphSnapshot {
        GraphSnapshot(
            generation: generation,
            resolved: resolved,
            nodes: states,
            exports: exports
        )
    }

    /// The node that grows where a node says that it does: itself, or what it shows through filters.
    func growing(below record: Record) -> (node: any OpenNode, sizeBytes: UInt64)? {
        var record = record
        guard record.limits.grows else { return nil }
        while let child = record.description.filteredChild.flatMap({ records[$0] }) {
            record = child
        }
        return (record.node, record.limits.sizeBytes)
    }
}
