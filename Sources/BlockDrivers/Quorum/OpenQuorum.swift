internal import BlockGraph
internal import GraphModel
internal import RingLoop

/// An open `quorum` node: what its views share.
final class OpenQuorum: OpenNode {
    /// Keeps writes apart from each other and from reads, on all loops: copies are equal only
    /// between writes, and overlapping writes must come to all copies in one order.
    let gate = RangeGate()
    /// How often each copy failed or was outvoted, by its edge.
    private let faults = Locked<[String: UInt64]>([:])
    private let settings: StagedValue<QuorumSettings>

    init(_ node: NodeDescription) { settings = StagedValue(QuorumSettings(node)) }

    /// What views obey.
    var currentSettings: QuorumSettings { settings.current }

    /// Takes note of a copy that failed or was outvoted.
    func recordFault(of edge: String) { faults.withLock { $0[edge, default: 0] += 1 } }

    func limits(over children: [String: BlockLimits]) throws(GraphError) -> BlockLimits {
        try settings.wished.limits(over: children)
    }

    func makeDriver(in context: DriverContext) -> any BlockDriver {
        QuorumDriver(node: self, loop: context.loop, children: context.edges)
    }

    func prepare(_ opening: DriverOpening) throws(GraphError) -> any PreparedChange {
        settings.stage(QuorumSettings(opening.node))
    }

    func prepareRemoval() -> any PreparedChange { NoChange() }
    func check() throws(GraphError) {}

    var finding: String? {
        let found = faults.withLock { $0 }.sorted { $0.key < $1.key }
        guard !found.isEmpty else { return nil }
        let list = found.map { "\($0.key) \($0.value == 1 ? "once" : "\($0.value) times")" }
            .joined(separator: ", ")
        return "copies below quorum node \(settings.current.node) failed or were outvoted: \(list)"
    }

    func close() -> String? { finding }
}
