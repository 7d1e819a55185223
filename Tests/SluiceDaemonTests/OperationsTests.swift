import BlockGraph
import ControlAPI
import GraphModel
import Testing

@testable import SluiceDaemon

@Suite("What operators ask for")
struct OperationsTests {
    private func started(_ names: [String] = ["a"]) async throws -> Workbench {
        let bench = try Workbench()
        bench.write(Workbench.document(names))
        _ = await bench.reconciler.look(.start)
        return bench
    }

    private func size(_ graph: FakeGraph) -> Int64? {
        graph.liveDescription.nodes["a"]?.options.integer("size")
    }

    private func rollBack(_ bench: Workbench, to generation: UInt64?) async -> Verdict {
        await bench.reconciler.rollBack(
            RollbackRequest(generation: generation),
            actor: "uid 0 test[1]",
            abandonment: Abandonment()
        )
    }

    @Test("R10: a rollback stands above the files until they change")
    func rollback() async throws {
        let bench = try await started()
        bench.write(Workbench.document(["a"], size: "2MiB"))
        _ = await bench.reconciler.look(.watch)
        let verdict = await rollBack(bench, to: 1)
        #expect(verdict.exit == .done)
        #expect(verdict.generation == 3)
        #expect(size(bench.graph) == 1 << 20)
        let held = bench.reconciler.report.conditions.table[.held]
        #expect(held?.isTrue == true)
        #expect(held?.reason == "RolledBack")
        #expect(await bench.reconciler.look(.rescan).reason == "RolledBack")
        #expect(size(bench.graph) == 1 << 20)
        bench.write(Workbench.document(["a"], size: "4MiB"))
        #expect(await bench.reconciler.look(.watch).exit == .done)
        #expect(size(bench.graph) == 4 << 20)
    }

    @Test("a rollback to what is not kept is refused, one of many exports by a guard")
    func refusedRollback() async throws {
        let bench = try await started(["a"])
        #expect(await rollBack(bench, to: 9).exit == .failure)
        bench.write(Workbench.document(["a", "b", "c", "d"]))
        _ = await bench.reconciler.look(.watch)
        #expect(await rollBack(bench, to: 1).exit == .refused)
        #expect(bench.graph.liveDescription.exports.count == 4)
    }

    @Test("history tells generations with who wished them, the newest first")
    func history() async throws {
        let bench = try await started()
        bench.write(Workbench.document(["a"], size: "2MiB"))
        _ = await bench.reconciler.look(.watch)
        _ = await rollBack(bench, to: nil)
        let answer = await bench.reconciler.history(countMax: 2)
        let list = try #require(answer["generations"]?.list)
        #expect(list.compactMap { $0["generation"]?.integer } == [3, 2])
        #expect(list.compactMap { $0["origin"]?.text } == ["rollback", "files"])
        #expect(list[0]["actor"]?.text == "uid 0 test[1]")
        let kept = await bench.reconciler.keptGeneration(1)
        #expect(kept?.description.nodes["a"]?.options.integer("size") == 1 << 20)
    }

    @Test("a hold keeps the files from being followed until it ends, also over a restart")
    func hold() async throws {
        let bench = try await started()
        #expect(await bench.reconciler.hold(seconds: 60, reason: "night work").exit == .done)
        bench.write(Workbench.document(["a"], size: "2MiB"))
        #expect(await bench.reconciler.look(.watch).reason == "OnHold")
        #expect(size(bench.graph) == 1 << 20)
        try bench.stop()
        let again = try bench.restarted()
        #expect(await again.reconciler.look(.start).reason == "OnHold")
        #expect(size(again.graph) == 1 << 20)
        #expect(!again.reconciler.report.conditions[.degraded])
        bench.clock.advance(seconds: 61)
        #expect(await again.reconciler.look(.timer).exit == .done)
        #expect(size(again.graph) == 2 << 20)
        #expect(!again.reconciler.report.conditions[.held])
    }

    @Test(
        "an order whose end no clock can show is none",
        arguments: [Int64.min, -1, 253_402_300_800, .max]
    )
    func absurdHold(until: Int64) async throws {
        let bench = try await started()
        _ = await bench.reconciler.hold(seconds: 60, reason: "")
        try bench.stop()
        bench.write(raw: "{\"untilUnixSeconds\":\(until)}", to: "state/hold.json")
        let again = try bench.restarted()
        #expect(await again.reconciler.look(.start).exit == .done)
    }

    @Test("resume ends a hold at once")
    func resume() async throws {
        let bench = try await started()
        _ = await bench.reconciler.hold(seconds: 60, reason: "")
        bench.write(Workbench.document(["a"], size: "2MiB"))
        #expect(await bench.reconciler.resume().exit == .done)
        #expect(size(bench.graph) == 2 << 20)
    }

    @Test("drift is what a person changed below the files, not what the files newly wish")
    func drift() async throws {
        let bench = try await started()
        #expect(await bench.reconciler.drift()["drift"]?.list == [])
        _ = await bench.reconciler.apply(
            bench.request(Workbench.document(["a"], size: "2MiB")),
            actor: "uid 7 vi[3]",
            abandonment: Abandonment()
        )
        let drift = await bench.reconciler.drift()
        let field = try #require(drift["drift"]?.list?.first)
        #expect(field["object"]?.text == "node/a")
        #expect(field["live"]?.integer == 2 << 20)
        #expect(field["declared"]?.integer == 1 << 20)
        #expect(drift["actor"]?.text == "uid 7 vi[3]")
        #expect(drift["pending"]?.flag == false)
        bench.write("sluice: 1\nnodse: {}\n")
        #expect(await bench.reconciler.drift()["pending"]?.flag == true)
    }

    @Test("T17: an apply that is given up before its commit leaves everything as it was")
    func interrupted() async throws {
        let bench = try await started()
        let abandonment = Abandonment()
        bench.graph.whenPrepared { abandonment.set() }
        let verdict = await bench.reconciler.apply(
            bench.request(Workbench.document(["a"], size: "2MiB")),
            actor: nil,
            abandonment: abandonment
        )
        #expect(verdict.exit == .interrupted)
        #expect(size(bench.graph) == 1 << 20)
        #expect(bench.reconciler.report.generation == 1)
    }

    @Test("C1: who waits for a configuration hears that it is live, rejected, or overtaken")
    func wait() async throws {
        let bench = try await started()
        let reconciler = bench.reconciler
        let first = reconciler.report.digest
        #expect(await reconciler.wait(for: .digest(first), seconds: 0).exit == .done)
        bench.graph.failNext(.notOpenable)
        bench.write(Workbench.document(["a"], size: "2MiB"))
        let failed = await reconciler.look(.watch)
        let digest = try #require(failed.triedDigest)
        #expect(await reconciler.wait(for: .digest(digest), seconds: 0).exit == .rejected)
        #expect(await reconciler.wait(for: .digest("sha256:77aa3d0"), seconds: 0).exit == .timeout)
        #expect(await reconciler.wait(for: .generation(2), seconds: 0).exit == .timeout)
        #expect(await reconciler.wait(for: .condition(.ready, false), seconds: 0).exit == .done)
        bench.write(Workbench.document(["a"], size: "4MiB"))
        async let waited = reconciler.wait(for: .generation(2), seconds: 30)
        _ = await reconciler.look(.watch)
        #expect(await waited.exit == .done)
    }
}
