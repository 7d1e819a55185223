import GraphModel
import Testing

@testable import SluiceDaemon

@Suite("Events")
struct EventLogTests {
    private func events(_ bench: Workbench, after number: UInt64 = 0) async throws -> [JSONValue] {
        var found: [JSONValue] = []
        let (lines, _) = bench.reconciler.events.lines(after: number, isFollowed: false)
        for await line in lines { found.append(try JSONValue(json: line)) }
        return found
    }

    @Test("one transaction is told from its start to its end, once each")
    func transaction() async throws {
        let bench = try Workbench()
        bench.write(Workbench.document(["a"]))
        _ = await bench.reconciler.look(.start)
        let types = try await events(bench).compactMap { $0["type"]?.text }
        let wanted = [
            "config.accepted", "plan.ready", "tx.start", "tx.commit", "tx.receipt", "tx.end",
        ]
        #expect(types.filter(wanted.contains) == wanted)
        _ = await bench.reconciler.look(.rescan)
        #expect(try await events(bench).count == types.count, "a rescan says nothing")
    }

    @Test("numbers rise, a resumption begins behind the last, and a restart repeats none")
    func numbers() async throws {
        let bench = try Workbench()
        bench.write(Workbench.document(["a"]))
        _ = await bench.reconciler.look(.start)
        let first = try await events(bench).compactMap { $0["seq"]?.integer }
        #expect(first == first.sorted())
        #expect(Set(first).count == first.count)
        let middle = first[first.count / 2]
        let rest = try await events(bench, after: UInt64(middle)).compactMap { $0["seq"]?.integer }
        #expect(rest == first.filter { $0 > middle })
        try bench.stop()
        let again = try bench.restarted()
        _ = await again.reconciler.look(.start)
        let (lines, _) = again.reconciler.events.lines(after: 0, isFollowed: false)
        for await line in lines {
            let number = try JSONValue(json: line)["seq"]?.integer ?? 0
            #expect(number > first.max() ?? 0)
        }
    }

    @Test("whoever claims to know events that are yet to come gets none", arguments: [1, 2])
    func future(distance: UInt64) async throws {
        let bench = try Workbench()
        bench.write(Workbench.document(["a"]))
        _ = await bench.reconciler.look(.start)
        #expect(try await events(bench, after: .max - distance + 1).isEmpty)
    }

    @Test("a rejected configuration, and one that is held by a guard, are told")
    func refusals() async throws {
        let bench = try Workbench()
        bench.write(Workbench.document(["a", "b", "c"]))
        _ = await bench.reconciler.look(.start)
        bench.write("sluice: 1\nnodse: {}\n")
        _ = await bench.reconciler.look(.watch)
        bench.write(Workbench.document(["a"]))
        _ = await bench.reconciler.look(.watch)
        _ = await bench.reconciler.look(.rescan)
        let types = try await events(bench).compactMap { $0["type"]?.text }
        #expect(types.filter { $0 == "config.rejected" }.count == 1)
        #expect(types.filter { $0 == "plan.held" }.count == 1)
    }
}
