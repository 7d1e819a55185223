import Foundation
import GraphModel
import Testing

/// The rules once more, slow and obvious: recursion from the top, dictionaries, all pairs.
private struct Oracle {
    let graph: GraphDescription

    struct Edge: Hashable {
        let parent: String
        let edge: String
        let child: String
    }

    func masks() -> [Edge: EdgeMasks] {
        var found: [Edge: EdgeMasks] = [:]
        for export in graph.exports.values {
            found[Edge(parent: "export/\(export.name)", edge: "root", child: export.node)] =
                ObviousMasks.masks(of: export)
        }
        for node in graph.nodes.values {
            for child in node.children {
                found[Edge(parent: "node/\(node.name)", edge: child.edge, child: child.node)] =
                    claim(node, child)
            }
        }
        return found
    }

    private func parents(of name: String) -> [EdgeMasks] {
        let exports = graph.exports.values.filter { $0.node == name }
            .map { ObviousMasks.masks(of: $0) }
        let nodes = graph.nodes.values.flatMap { node in
            node.children.filter { $0.node == name }.map { claim(node, $0) }
        }
        return exports + nodes
    }

    private func claim(_ node: NodeDescription, _ child: ChildReference) -> EdgeMasks {
        var masks = ObviousMasks.masks(of: child.edge, of: node, parents: parents(of: node.name))
        if graph.nodes[child.node]?.options.flag("force-share") == true { masks.shared = .all }
        return masks
    }

    /// `node wants denies bits` of each ordered pair.
    func conflicts() -> Set<String> {
        let masks = masks()
        var found: Set<String> = []
        for (one, wanted) in masks {
            for (other, held) in masks where one != other && one.child == other.child {
                let bits = wanted.used.subtracting(held.shared)
                if bits.isEmpty { continue }
                found.insert(
                    "\(one.child) \(one.parent).\(one.edge) \(other.parent).\(other.edge) \(bits)"
                )
            }
        }
        return found
    }
}

@Suite("The resolver against the rules written slowly")
struct ResolverOracleTests {
    /// Random graphs for each of the four seeds; `SLUICE_ORACLE_GRAPHS=100000` is the long form.
    private static let rounds =
        (ProcessInfo.processInfo.environment["SLUICE_ORACLE_GRAPHS"].flatMap(Int.init) ?? 4_000) / 4

    @Test("masks and conflicts agree on thousands of random graphs", arguments: [1, 2, 3, 4])
    func agreement(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for round in 0..<Self.rounds {
            let graph = RandomGraph.make(&random)
            let oracle = Oracle(graph: graph)
            let resolved = ResolvedGraph(resolving: graph)
            let masks = oracle.masks()
            #expect(resolved.edges.count == masks.count)
            for edge in resolved.edges {
                let expected = masks[
                    Oracle.Edge(parent: edge.parent, edge: edge.edge, child: edge.child)
                ]
                #expect(edge.masks == expected, "seed \(seed), round \(round), \(edge)")
            }
            let conflicts = Set(
                resolved.conflicts.map {
                    "\($0.node) \($0.wants.parent).\($0.wants.edge) "
                        + "\($0.denies.parent).\($0.denies.edge) \($0.bits)"
                }
            )
            #expect(conflicts == oracle.conflicts(), "seed \(seed), round \(round)")
            #expect(resolved.order.count == graph.nodes.count)
        }
    }

    @Test("children come before their parents")
    func order() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<200 {
            let graph = RandomGraph.make(&random)
            let order = ResolvedGraph(resolving: graph).order
            let places = Dictionary(
                uniqueKeysWithValues: order.enumerated().map { ($0.element, $0.offset) }
            )
            for node in graph.nodes.values {
                for child in node.children {
                    #expect((places[child.node] ?? .max) < (places[node.name] ?? .min))
                }
            }
        }
    }

    @Test("a chain of 50,000 filters is resolved, and closed to a ring it is one knot")
    func depth() {
        let length = 50_000
        var graph = GraphBuilder()
        graph.node("n0", "file")
        for number in 1..<length { graph.node("n\(number)", "raw", ["file": "n\(number - 1)"]) }
        graph.export("e", of: "n\(length - 1)", isWritable: true)
        let resolved = ResolvedGraph(resolving: graph.description)
        #expect(resolved.isLegal)
        #expect(resolved.cumulative(of: "n0").description == "RW/RWU")
        graph.node("n0", "raw", ["file": "n\(length - 1)"])
        let ring = ResolvedGraph(resolving: graph.description)
        #expect(!ring.isLegal)
        #expect(ring.knots.map(\.edges.count) == [length])
    }

    @Test("each knot is told once, with the shortest way round")
    func knots() {
        var graph = GraphBuilder()
        graph.node("a", "quorum", ["children.0": "b", "children.1": "c"])
        graph.node("b", "raw", ["file": "a"])
        graph.node("c", "raw", ["file": "d"])
        graph.node("d", "raw", ["file": "a"])
        graph.node("self", "raw", ["file": "self"])
        graph.node("below", "raw", ["file": "leaf"])
        graph.node("leaf", "file")
        let knots = ResolvedGraph(resolving: graph.description).knots
        #expect(knots.count == 2)
        let cycles = knots.map { $0.cycle(from: 0) }
        #expect(cycles.contains(["a", "b", "a"]))
        #expect(cycles.contains(["self", "self"]))
    }
}
