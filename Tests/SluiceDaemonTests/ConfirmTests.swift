import BlockGraph
import ControlAPI
import GraphModel
import Testing

@testable import SluiceDaemon

@Suite("Changes that go back by themselves")
struct ConfirmTests {
    /// A bench with generation 1 from the files and generation 2 by hand, which awaits a minute.
    private func armed() async throws -> Workbench {
        let bench = try Workbench()
        bench.write(Workbench.document(["a"]))
        _ = await bench.reconciler.look(.start)
        var request = bench.request(Workbench.document(["a"], size: "2MiB"))
        request.confirmSeconds = 60
        let verdict = await bench.reconciler.apply(request)
        #expect(verdict.exit == .done)
        #expect(verdict.pending?.revertsTo == 1)
        return bench
    }

    private func size(_ graph: FakeGraph) -> Int64? {
        graph.liveDescription.nodes["a"]?.options.integer("size")
    }

    @Test("R2: what nobody confirms goes back at its deadline, as a generation of its own")
    func expired() async throws {
        let bench = try await armed()
        bench.clock.advance(seconds: 59)
        #expect(await bench.reconciler.look(.timer).reason == "ConfirmPending")
        #expect(size(bench.graph) == 2 << 20)
        bench.clock.advance(seconds: 2)
        let verdict = await bench.reconciler.look(.timer)
        #expect(verdict.exit == .applyFailed)
        #expect(verdict.generation == 3)
        #expect(size(bench.graph) == 1 << 20)
        #expect(bench.reconciler.report.quarantined.count == 1)
        #expect(bench.reconciler.report.pending == nil)
        #expect(bench.reconciler.report.conditions[.ready])
    }

    @Test("a confirmation keeps it, of the right generation only")
    func kept() async throws {
        let bench = try await armed()
        #expect(await bench.reconciler.confirm(7).exit == .rejected)
        #expect(await bench.reconciler.confirm(2).exit == .done)
        bench.clock.advance(seconds: 3600)
        _ = await bench.reconciler.look(.timer)
        #expect(size(bench.graph) == 2 << 20)
        #expect(await bench.reconciler.confirm(nil).exit == .failure)
    }

    @Test("R3: a daemon that was dead at the deadline goes back before anything else")
    func deadAtDeadline() async throws {
        let bench = try await armed()
        try bench.stop()
        bench.clock.advance(seconds: 80)
        let again = try bench.restarted()
        _ = await again.reconciler.look(.start)
        #expect(size(again.graph) == 1 << 20)
        #expect(again.graph.applied.count == 1, "the unconfirmed graph was never served")
        #expect(again.reconciler.report.generation == 3)
    }

    @Test("R3: a daemon that comes back in time serves it and goes on counting")
    func backInTime() async throws {
        let bench = try await armed()
        try bench.stop()
        bench.clock.advance(seconds: 30)
        let again = try bench.restarted()
        _ = await again.reconciler.look(.start)
        #expect(size(again.graph) == 2 << 20)
        #expect(!again.reconciler.report.conditions[.degraded])
        bench.clock.advance(seconds: 31)
        _ = await again.reconciler.look(.timer)
        #expect(size(again.graph) == 1 << 20)
    }

    @Test("R4: an apply that fails arms nothing")
    func failed() async throws {
        let bench = try Workbench()
        bench.write(Workbench.document(["a"]))
        _ = await bench.reconciler.look(.start)
        bench.graph.failNext(.openFailed)
        var request = bench.request(Workbench.document(["a"], size: "2MiB"))
        request.confirmSeconds = 60
        let verdict = await bench.reconciler.apply(request)
        #expect(verdict.exit == .applyFailed)
        #expect(verdict.pending == nil)
        #expect(bench.reconciler.report.pending == nil)
    }

    @Test("R5: an edit during the window waits for its end, and another apply is refused as busy")
    func meanwhile() async throws {
        let bench = try await armed()
        bench.write(Workbench.document(["a"], size: "4MiB"))
        #expect(await bench.reconciler.look(.watch).reason == "ConfirmPending")
        #expect(bench.reconciler.report.conditions.table[.held]?.reason == "ConfirmPending")
        let other = await bench.reconciler.apply(bench.request(Workbench.document(["b"])))
        #expect(other.exit == .busy && other.generation == 2, "it says what is live")
        #expect(size(bench.graph) == 2 << 20)
        #expect(await bench.reconciler.confirm(nil).exit == .done)
        #expect(await bench.reconciler.look(.timer).exit == .done)
        #expect(size(bench.graph) == 4 << 20)
    }

    @Test(
        "R9: what was not confirmed is not tried from the files either, until they change or retry"
    )
    func quarantine() async throws {
        let bench = try await armed()
        bench.clock.advance(seconds: 61)
        _ = await bench.reconciler.look(.timer)
        bench.write(Workbench.document(["a"], size: "2MiB"))
        #expect(await bench.reconciler.look(.watch).reason == "Quarantined")
        bench.write("# a remark\n" + Workbench.document(["a"], size: "2MiB"))
        #expect(await bench.reconciler.look(.watch).reason == "Quarantined")
        try bench.stop()
        let again = try bench.restarted()
        _ = await again.reconciler.look(.start)
        #expect(size(again.graph) == 1 << 20, "a restart forgets no quarantine")
        #expect(await again.reconciler.look(.retry).exit == .done)
        #expect(size(again.graph) == 2 << 20)
    }

    @Test("a rollback ends the window at once")
    func rollBack() async throws {
        let bench = try await armed()
        let verdict = await bench.reconciler.rollBack(
            RollbackRequest(generation: nil),
            actor: nil,
            abandonment: Abandonment()
        )
        #expect(verdict.exit == .done)
        #expect(size(bench.graph) == 1 << 20)
        #expect(bench.reconciler.report.pending == nil)
    }
}
