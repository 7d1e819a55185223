/// Names of objects that may not be what they were.
package struct ChangedNames: Hashable, Sendable {
    /// Names of nodes.
    package var nodes: Set<String> = []
    /// Keys of exports.
    package var exports: Set<String> = []

    /// None.
    package init() {}

    /// Adds others.
    package mutating func formUnion(_ other: ChangedNames) {
        nodes.formUnion(other.nodes)
        exports.formUnion(other.exports)
    }

    fileprivate var count: Int { nodes.count + exports.count }
}

/// Which graphs a graph was made of, and what may be otherwise in it.
///
/// Two large graphs of which one was made of the other by a few edits are then compared by looking
/// at a few names. A graph forgets its lineage when anything of it is set from outside, so that
/// what it says of itself is always so.
struct GraphLineage: Sendable {
    /// One graph, as long as somebody knows it.
    private final class Identity: Sendable {}

    private struct Step: Sendable {
        let identity: Identity
        /// What may be otherwise than in the graph of the step before.
        let names: ChangedNames
    }

    /// Most graphs that are remembered, the newest included.
    private static let stepsMax = 40
    /// Most names that are remembered for all of them.
    private static let namesMax = 20_000

    /// The graph itself comes last.
    private var steps: [Step]

    /// The lineage of a graph that was made of nothing that is known.
    init() { steps = [Step(identity: Identity(), names: ChangedNames())] }

    /// Makes it the lineage of a graph that was made of this one.
    mutating func append(_ names: ChangedNames) {
        steps.append(Step(identity: Identity(), names: names))
        var namesLeft = Self.namesMax
        var kept = 0
        for step in steps.reversed() where kept < Self.stepsMax && namesLeft >= 0 {
            kept += 1
            namesLeft -= step.names.count
        }
        steps.removeFirst(steps.count - max(kept, 1))
    }

    /// Whether both are of one graph.
    func isSame(as other: GraphLineage) -> Bool {
        steps.last?.identity === other.steps.last?.identity
    }

    /// What may be otherwise than in an older graph; `nil` when that one is not remembered.
    func changes(since other: GraphLineage) -> ChangedNames? {
        guard let wanted = other.steps.last?.identity,
            let place = steps.lastIndex(where: { $0.identity === wanted })
        else { return nil }
        var names = ChangedNames()
        for step in steps[(place + 1)...] { names.formUnion(step.names) }
        return names
    }
}
