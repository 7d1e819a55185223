import GraphModel
import Testing

@Suite("What a change affects")
struct AffectedObjectsTests {
    /// Whether a node is affected, by the words of the definition.
    private struct Obvious {
        let old: ResolvedGraph
        let new: ResolvedGraph
        let renewed: Set<String>

        func isAffected(_ name: String) -> Bool {
            guard let node = new.description.nodes[name] else { return false }
            return renewed.contains(name) || old.description.nodes[name] != node
                || old.cumulative(of: name) != new.cumulative(of: name)
                || old.placement.threads(of: name) != new.placement.threads(of: name)
                || serving(old, name) != serving(new, name)
                || node.children.contains { isAffected($0.node) }
        }

        /// Threads of the exports from which a node can be reached.
        func serving(_ graph: ResolvedGraph, _ name: String) -> [String] {
            let above = graph.description.exports.values.filter {
                isReached(name, from: $0.node, in: graph.description)
            }
            return Set(above.map { $0.options.text("iothread") ?? "default" }).sorted()
        }

        func isReached(_ name: String, from top: String, in graph: GraphDescription) -> Bool {
            top == name
                || graph.nodes[top]?.children.contains {
                    isReached(name, from: $0.node, in: graph)
                } == true
        }
    }

    /// A graph with one or two of another's nodes and exports in it.
    private func edited(
        _ graph: GraphDescription,
        _ random: inout SeededGenerator
    ) -> GraphDescription {
        var graph = graph
        let other = RandomGraph.make(&random)
        for name in other.nodes.keys.sorted().shuffled(using: &random).prefix(2) {
            graph.nodes[name] = other.nodes[name]
        }
        let export = "e\(Int.random(in: 0..<3, using: &random))"
        graph.exports[export] = other.exports[export]
        // What lost its node or export its node goes, too.
        let names = Set(graph.nodes.keys)
        for name in names {
            graph.nodes[name]?.children.removeAll { !names.contains($0.node) }
        }
        graph.exports = graph.exports.filter { graph.nodes[$0.value.node] != nil }
        return graph
    }

    @Test("nodes and exports are those of the definition", arguments: [1, 2, 3, 4])
    func definition(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var counts = (affected: 0, kept: 0)
        for round in 0..<800 {
            let before = RandomGraph.make(&random)
            let after =
                round.isMultiple(of: 4) ? RandomGraph.make(&random) : edited(before, &random)
            let old = ResolvedGraph(resolving: before)
            let new = ResolvedGraph(resolving: after)
            let renewed: Set<String> = round.isMultiple(of: 3) ? ["n1", "no such node"] : []
            let obvious = Obvious(old: old, new: new, renewed: renewed)
            let found = AffectedObjects(from: old, to: new, renewed: renewed)
            let wanted = new.order.filter(obvious.isAffected)
            #expect(found.nodes == wanted, "seed \(seed), round \(round)")
            let former = old.order.filter {
                after.nodes[$0] == nil || obvious.isAffected($0)
            }
            #expect(found.formerNodes == former, "seed \(seed), round \(round)")
            let exports = after.exports.values.filter {
                before.exports[$0.name] != $0 || obvious.isAffected($0.node)
            }
            #expect(found.exports == exports.map(\.name).sorted())
            let gone = before.exports.keys.filter { after.exports[$0] == nil }
            #expect(found.goneExports == gone.sorted())
            counts.affected += wanted.count
            counts.kept += new.order.count - wanted.count
        }
        #expect(counts.affected > 1_000)
        #expect(counts.kept > 300)
    }

    @Test("nodes that only some exports reach are found, parents first", arguments: [7, 8])
    func unreached(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for round in 0..<400 {
            let graph = RandomGraph.make(&random)
            let resolved = ResolvedGraph(resolving: graph)
            let roots = ["n0", "n\(Int.random(in: 0..<9, using: &random))"]
            let quiet: Set<String> = ["e0"]
            let obvious = Obvious(old: resolved, new: resolved, renewed: [])
            let wanted = resolved.order.reversed().filter { name in
                roots.contains { obvious.isReached(name, from: $0, in: graph) }
                    && !graph.exports.values.contains {
                        !quiet.contains($0.name)
                            && obvious.isReached(name, from: $0.node, in: graph)
                    }
            }
            let found = resolved.nodes(below: roots, unreachedBut: quiet)
            #expect(found == wanted, "seed \(seed), round \(round)")
        }
    }
}
