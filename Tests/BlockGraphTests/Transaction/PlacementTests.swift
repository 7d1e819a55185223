import GraphModel
import Synchronization
import Testing

@testable import BlockGraph

@Suite("Placement on several loops")
struct PlacementTests {
    /// `e` over t over a, on a thread of its own or on the default one.
    private func chain(on thread: String?) -> GraphDescription {
        var graph = ProbeGraphs.chain(["a", "t"])
        guard let thread else { return graph }
        graph.ioThreads[thread] = IOThreadDescription(name: thread)
        graph.exports["e"]?.options["iothread"] = .text(thread)
        return graph
    }

    @Test("S37, S46: an export moves to another thread and back with everything below it")
    func moves() async throws {
        let probe = try ProbeGraph()
        try await probe.apply(chain(on: nil))
        await probe.send(1, to: "e")
        try await probe.apply(chain(on: "io0"))
        #expect(await probe.threads == ["default", "io0"])
        #expect(await probe.snapshot.nodes["a"]?.threads == ["io0"])
        await probe.send(2, to: "e")
        try await probe.apply(chain(on: nil))
        #expect(await probe.threads == ["default"])
        #expect(await probe.snapshot.nodes["a"]?.threads == ["default"])
        await probe.send(1, to: "e")
        #expect(probe.log.count(of: "answered e") == 4)
        #expect(probe.log.count(of: "open a") == 1)
        #expect(!probe.log.all.contains { $0.hasPrefix("close") })
    }

    @Test("S19: a node that exports on two threads reach has a view on each")
    func shared() async throws {
        let probe = try ProbeGraph()
        var graph = chain(on: "io0")
        graph.exports["f"] = ExportDescription(
            name: "f",
            type: "nbd",
            node: "a",
            listener: "l",
            options: Options()
        )
        try await probe.apply(graph)
        #expect(await probe.snapshot.nodes["a"]?.threads == ["default", "io0"])
        #expect(await probe.snapshot.nodes["t"]?.threads == ["io0"])
        await probe.send(1, to: "e")
        await probe.send(1, to: "f")
        #expect(probe.log.count(of: "request a") == 2)
        graph.exports["e"] = nil
        try await probe.apply(graph)
        #expect(await probe.snapshot.nodes["a"]?.threads == ["default"])
        #expect(await probe.snapshot.nodes["t"]?.threads == [])
        #expect(!probe.log.all.contains("close t"))
    }

    @Test("S40: a refused change leaves no thread behind")
    func refusedThread() async throws {
        let probe = try ProbeGraph()
        try await probe.apply(chain(on: nil))
        probe.switches.failing.withLock { _ = $0.insert("exports") }
        let refusal = await probe.refusal(chain(on: "io0"))
        #expect(refusal == .address)
        #expect(await probe.threads == ["default"])
        #expect(await probe.snapshot.nodes["a"]?.threads == ["default"])
    }

    @Test("a thread moves to another processor while it serves, and not to one that is not there")
    func processor() async throws {
        let probe = try ProbeGraph()
        var graph = chain(on: "io0")
        try await probe.apply(graph)
        let before = await probe.state()
        graph.ioThreads["io0"]?.options["cpu"] = .integer(4095)
        #expect(await probe.refusal(graph) == .openFailed)
        #expect(await probe.state() == before)
        graph.ioThreads["io0"]?.options["cpu"] = .integer(0)
        try await probe.apply(graph)
        await probe.send(1, to: "e")
        graph.ioThreads["io0"]?.options["cpu"] = nil
        try await probe.apply(graph)
        await probe.send(1, to: "e")
        #expect(probe.log.count(of: "answered e") == 2)
        #expect(probe.log.count(of: "detach e") == 0)
    }
}
