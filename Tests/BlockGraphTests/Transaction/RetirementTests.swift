import GraphModel
import Synchronization
import Testing

@testable import BlockGraph

@Suite("What left the graph")
struct RetirementTests {
    // before: e -> t -> a, a request of before t in a          after: e -> b
    @Test("a drain waits for requests that came by an older path, too")
    func olderPath() async throws {
        let probe = try ProbeGraph()
        try await probe.apply(ProbeGraphs.chain(["a"]))
        hold(probe, "a")
        await probe.send(1, to: "e")
        hold(probe)
        try await probe.apply(ProbeGraphs.chain(["a", "t"]))
        let refusal = await probe.refusal(
            ProbeGraphs.chain(["b"]),
            draining: ["e"],
            timeoutMilliseconds: 20
        )
        #expect(refusal == .drainTimeout)
        #expect(probe.log.count(of: "close a") == 0)
        try await probe.letGo()
        try await probe.apply(ProbeGraphs.chain(["b"]), draining: ["e"])
        #expect(probe.log.count(of: "close a") == 1)
    }

    // e -> t -> a, where a hangs, and f -> x
    @Test("a request that hangs delays no change of another export")
    func otherExport() async throws {
        let probe = try ProbeGraph()
        var graph = ProbeGraphs.chain(["a"])
        graph.nodes["x"] = NodeDescription(name: "x", driver: "null-co")
        graph.nodes["y"] = NodeDescription(name: "y", driver: "null-co")
        graph.exports["f"] = ProbeGraphs.export("f", of: "x")
        try await probe.apply(graph)
        hold(probe, "a")
        await probe.send(1, to: "e")
        hold(probe)
        // The hung request stays on the path of before.
        graph.nodes["t"] = NodeDescription(
            name: "t",
            driver: "throttle",
            children: [ChildReference(edge: "file", node: "a")]
        )
        graph.exports["e"]?.node = "t"
        try await probe.apply(graph, timeoutMilliseconds: 600_000)
        graph.exports["f"]?.node = "y"
        graph.nodes["x"] = nil
        // x is closed later, because nobody can say which nodes the hung request holds.
        let receipt = try await probe.apply(
            graph,
            draining: ["f"],
            timeoutMilliseconds: 600_000
        )
        #expect(receipt.warnings.count == 1)
        #expect(probe.log.count(of: "close x") == 0)
        try await probe.letGo()
        #expect(probe.log.count(of: "close x") == 1)
        #expect(probe.log.count(of: "answered e") == 1)
    }

    // before: e -> q -file-> a          after: e -> q -file-> a, q -backing-> b
    @Test("a node gets another edge without being opened anew")
    func moreEdges() async throws {
        let probe = try ProbeGraph()
        var graph = GraphDescription()
        for name in ["a", "b"] {
            graph.nodes[name] = NodeDescription(name: name, driver: "null-co")
        }
        let file = ChildReference(edge: "file", node: "a")
        graph.nodes["q"] = NodeDescription(name: "q", driver: "qcow2", children: [file])
        graph.nodes["t"] = NodeDescription(
            name: "t",
            driver: "throttle",
            children: [ChildReference(edge: "file", node: "q")]
        )
        graph.exports["e"] = ProbeGraphs.export("e", of: "t")
        try await probe.apply(graph)
        graph.nodes["q"]?.children = [file, ChildReference(edge: "backing", node: "b")]
        try await probe.apply(graph, draining: ["e"])
        await probe.send(1, to: "e")
        #expect(probe.log.count(of: "open q") == 1)
        #expect(probe.log.count(of: "close q") == 0)
        #expect(probe.log.count(of: "commit change q") == 1)
        #expect(probe.log.all.suffix(4).contains("request q"))
        graph.nodes["q"]?.children = [file]
        try await probe.apply(graph, draining: ["e"])
        await probe.send(1, to: "e")
        #expect(probe.log.count(of: "open q") == 1)
        #expect(probe.log.count(of: "answered e") == 2)
    }

    @Test("a parent is closed before the node below it, whichever was opened first")
    func closingOrder() async throws {
        let probe = try ProbeGraph()
        try await probe.apply(ProbeGraphs.chain(["a", "t"]))
        var graph = ProbeGraphs.chain(["b", "t"])
        try await probe.apply(graph, draining: ["e"])
        graph = ProbeGraphs.chain(["x"])
        try await probe.apply(graph, draining: ["e"])
        #expect(
            probe.log.all.filter { $0.hasPrefix("close") } == ["close a", "close t", "close b"]
        )
    }

    private func hold(_ probe: ProbeGraph, _ nodes: String...) {
        probe.switches.holding.withLock { $0 = Set(nodes) }
    }
}
