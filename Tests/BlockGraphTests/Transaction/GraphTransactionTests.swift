import GraphModel
import Synchronization
import Testing

@testable import BlockGraph

@Suite("A graph transaction")
struct GraphTransactionTests {
    // before: e -> a          after: e -> t -> a
    @Test("S82: a filter goes in under an export while a request is in flight, without a pause")
    func filterGoesIn() async throws {
        let probe = try ProbeGraph()
        try await probe.apply(ProbeGraphs.chain(["a"]))
        hold(probe, "a")
        await probe.send(1, to: "e")
        hold(probe)
        // The old request is parked in a, which stays: the commit does not wait for it.
        let receipt = try await probe.apply(
            ProbeGraphs.chain(["a", "t"]),
            timeoutMilliseconds: 1
        )
        await probe.send(1, to: "e")
        #expect(probe.log.count(of: "request t") == 1)
        #expect(probe.log.count(of: "paused e") == 0)
        #expect(receipt.exports.first?.held == 0)
        #expect(probe.log.count(of: "answered e") == 1)
        try await probe.letGo()
        #expect(probe.log.count(of: "answered e") == 2)
    }

    // before: e -> t -> a     after: e -> a
    @Test("S75: a filter that leaves lets go what it held, and is closed when that is answered")
    func filterGoesOut() async throws {
        let probe = try ProbeGraph()
        try await probe.apply(ProbeGraphs.chain(["a", "t"]))
        hold(probe, "t")
        await probe.send(3, to: "e")
        #expect(probe.log.count(of: "request a") == 0)
        hold(probe)
        try await probe.apply(ProbeGraphs.chain(["a"]))
        #expect(probe.log.count(of: "answered e") == 3)
        #expect(probe.log.count(of: "close t") == 1)
        #expect(probe.log.count(of: "close a") == 0)
    }

    // before: e -> a          after: e -> b
    @Test("another disk is switched to when no request is in flight, and waiting ones go on")
    func drainedSwitch() async throws {
        let probe = try ProbeGraph()
        try await probe.apply(ProbeGraphs.chain(["a"]))
        let service = probe.service
        try await probe.apply(ProbeGraphs.chain(["b"]), draining: ["e"]) {
            () async throws(GraphError) in
            // The export is paused here: what clients send now must see b.
            await probe.send(2, to: "e")
        }
        #expect(service.handler("e") != nil)
        #expect(probe.log.count(of: "request a") == 0)
        #expect(probe.log.count(of: "request b") == 2)
        #expect(probe.log.all.filter { $0.hasPrefix("close") } == ["close a"])
    }

    @Test("S61: a backend that hangs fails the plan at its deadline, and waiting requests go on")
    func hungBackend() async throws {
        let probe = try ProbeGraph()
        try await probe.apply(ProbeGraphs.chain(["a"]))
        hold(probe, "a")
        await probe.send(1, to: "e")
        hold(probe)
        let before = await probe.state()
        let refusal = await probe.refusal(
            ProbeGraphs.chain(["b"]),
            draining: ["e"],
            timeoutMilliseconds: 20
        )
        #expect(refusal == .drainTimeout)
        let after = await probe.state()
        #expect(after == before)
        #expect(probe.log.count(of: "close b") == 1)
        await probe.send(1, to: "e")
        #expect(probe.log.count(of: "answered e") == 1)
        #expect(probe.log.count(of: "request b") == 0)
        try await probe.letGo()
        #expect(probe.log.count(of: "answered e") == 2)
    }

    @Test(
        "S20, S36, S67: whatever step fails, the graph is as before and what was opened is closed",
        arguments: [
            "open b", "limits b", "check b", "open t", "limits t", "check t", "prepare a",
            "exports", "journal",
        ]
    )
    func everyStepFails(step: String) async throws {
        let probe = try ProbeGraph()
        try await probe.apply(ProbeGraphs.chain(["a", "x"]))
        let before = await probe.state()
        var wished = ProbeGraphs.chain(["b", "t"])
        // a stays, with another option, under nobody.
        wished.nodes["a"] = NodeDescription(
            name: "a",
            driver: "null-co",
            options: Options([("size", .integer(2 << 20))])
        )
        let opened = probe.log.all.count
        probe.switches.failing.withLock { _ = $0.insert(step) }
        let refusal = await probe.refusal(wished, draining: ["e"]) {
            () async throws(GraphError) in
            guard step == "journal" else { return }
            throw GraphError(code: .abandoned, object: "journal", reason: "by order")
        }
        #expect(refusal != nil)
        let after = await probe.state()
        #expect(after == before)
        let log = probe.log.all.suffix(from: opened)
        #expect(!log.contains { $0.hasPrefix("commit") })
        for name in ["b", "t"] where log.contains("open \(name)") {
            #expect(log.contains("close \(name)"), "\(name) stays open")
            #expect(log.contains("abort creation \(name)"))
        }
        await probe.send(1, to: "e")
        #expect(probe.log.all.last == "answered e")
        #expect(probe.log.all.contains("request x"))
        // Without the fault the same plan goes through.
        probe.switches.failing.withLock { $0 = [] }
        if step != "journal" { try await probe.apply(wished, draining: ["e"]) }
    }

    @Test("S73: an empty transaction is a success and touches nothing")
    func nothingToDo() async throws {
        let probe = try ProbeGraph()
        try await probe.apply(ProbeGraphs.chain(["a", "t"]))
        let count = probe.log.all.count
        try await probe.apply(ProbeGraphs.chain(["a", "t"]))
        #expect(probe.log.all.suffix(from: count).allSatisfy { !$0.hasPrefix("open") })
        #expect(probe.log.count(of: "switched e") == 0)
    }

    @Test("an export that would shrink under a client is refused")
    func shrinking() async throws {
        let probe = try ProbeGraph()
        try await probe.apply(ProbeGraphs.chain(["a"]))
        probe.service.handler("e")?.connected.withLock {
            $0 = [ExportClient(peer: "unix", sinceUnixSeconds: 0)]
        }
        var smaller = ProbeGraphs.chain(["b"])
        smaller.nodes["b"]?.options["size"] = .integer(4096)
        let refusal = await probe.refusal(smaller, draining: ["e"])
        #expect(refusal == .inUse)
        probe.service.handler("e")?.connected.withLock { $0 = [] }
        try await probe.apply(smaller, draining: ["e"])
    }

    /// Makes exactly these nodes hold what they get.
    private func hold(_ probe: ProbeGraph, _ nodes: String...) {
        probe.switches.holding.withLock { $0 = Set(nodes) }
    }
}
