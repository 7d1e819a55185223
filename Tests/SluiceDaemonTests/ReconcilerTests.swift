import BlockGraph
import ControlAPI
import GraphModel
import RingLoop
import Testing

@testable import SluiceDaemon

@Suite("Reconciler")
struct ReconcilerTests {
    @Test("good files go live once; the same files again are no change")
    func goesLive() async throws {
        let bench = try Workbench()
        bench.write(Workbench.document(["a"]))
        let verdict = await bench.reconciler.look(.start)
        #expect(verdict.exit == .done)
        #expect(verdict.generation == 1)
        bench.write("# a comment\n" + Workbench.document(["a"]))
        #expect(await bench.reconciler.look(.watch).exit == .done)
        #expect(bench.graph.applied.count == 1)
        #expect(bench.reconciler.report.conditions[.ready])
    }

    @Test("a bad edit keeps what is live and names the place; mending it clears the finding")
    func badEdit() async throws {
        let bench = try Workbench()
        bench.write(Workbench.document(["a"]))
        _ = await bench.reconciler.look(.start)
        let live = bench.graph.liveDescription
        bench.write(Workbench.document(["a"]) + "cahce: {}\n")
        #expect(await bench.reconciler.look(.watch).exit == .invalid)
        #expect(bench.graph.liveDescription == live)
        let report = bench.reconciler.report
        #expect(!report.conditions[.ready])
        #expect(report.diagnostics.first?.mark?.line == 8)
        bench.write(Workbench.document(["a"]))
        #expect(await bench.reconciler.look(.watch).exit == .done)
        #expect(bench.reconciler.report.diagnostics.isEmpty)
        #expect(bench.reconciler.report.conditions[.ready])
        #expect(bench.graph.applied.count == 1)
    }

    @Test("an empty file is no wish for an empty graph", arguments: ["", "# only a comment\n"])
    func emptyFile(text: String) async throws {
        let bench = try Workbench()
        bench.write(Workbench.document(["a"]))
        _ = await bench.reconciler.look(.start)
        bench.write(text)
        #expect(await bench.reconciler.look(.watch).exit == .invalid)
        #expect(bench.graph.liveDescription.exports.keys.sorted() == ["a"])
    }

    @Test("a source that is gone leaves what is live and says so; it comes back without a change")
    func lostSource() async throws {
        let bench = try Workbench()
        bench.write(Workbench.document(["a"]))
        _ = await bench.reconciler.look(.start)
        bench.remove("a.yaml")
        #expect(await bench.reconciler.look(.watch).exit == .sourceMissing)
        #expect(!bench.reconciler.report.conditions[.sourceReady])
        #expect(bench.graph.applied.count == 1)
        bench.write(Workbench.document(["a"]))
        #expect(await bench.reconciler.look(.watch).exit == .done)
        #expect(bench.reconciler.report.conditions[.sourceReady])
        #expect(bench.graph.applied.count == 1)
    }

    @Test("a file that is gone is missed a second later, not at once")
    func missingFile() async throws {
        let bench = try Workbench()
        let names = ["a", "b", "c", "d", "e"]
        bench.write(Workbench.document(names))
        bench.write("sluice: 1\nnodes:\n  extra: {driver: null-co}\n", to: "b.yaml")
        _ = await bench.reconciler.look(.start)
        bench.remove("b.yaml")
        #expect(await bench.reconciler.look(.watch).reason == "FilesMissing")
        #expect(bench.graph.applied.count == 1)
        bench.clock.advance(seconds: 1.1)
        #expect(await bench.reconciler.look(.timer).exit == .done)
        #expect(bench.graph.liveDescription.nodes["extra"] == nil)
    }

    @Test("newer files overtake an apply before its commit, and only they go live")
    func superseded() async throws {
        let bench = try Workbench()
        bench.write(Workbench.document(["a"], size: "1MiB"))
        let reconciler = bench.reconciler
        let newer = Workbench.document(["a"], size: "3MiB")
        let path = bench.directory
        bench.graph.whenPrepared {
            replaceFile(path + "/graph.d/a.yaml", with: newer)
            reconciler.expectLook()
        }
        #expect(await reconciler.look(.start).reason == "Superseded")
        #expect(bench.graph.applied.isEmpty)
        #expect(await reconciler.look(.watch).exit == .done)
        #expect(bench.graph.applied.count == 1)
        #expect(bench.graph.liveDescription.nodes["a"]?.options.integer("size") == 3 << 20)
        #expect(reconciler.report.supersededCount == 1)
    }

    @Test("what the host refused is tried again after 1, 2 and 4 seconds")
    func retry() async throws {
        let bench = try Workbench()
        bench.write(Workbench.document(["a"]))
        // Twice at start: the whole is tried, then what is left without the node that failed.
        for _ in 0..<4 { bench.graph.failNext(.openFailed) }
        #expect(await bench.reconciler.look(.start).exit == .applyFailed)
        for seconds in [1.0, 2.0] {
            bench.clock.advance(seconds: seconds - 0.1)
            _ = await bench.reconciler.look(.timer)
            bench.clock.advance(seconds: 0.1)
            #expect(await bench.reconciler.look(.timer).exit == .applyFailed)
        }
        #expect(bench.graph.applied.isEmpty)
        bench.clock.advance(seconds: 4)
        let reconciler = bench.reconciler
        let told = Locked(0)
        bench.graph.whenPrepared {
            told.withLock { $0 = reconciler.report.diagnostics.count }
        }
        #expect(await reconciler.look(.timer).exit == .done)
        #expect(told.withLock { $0 } == 1, "what was wrong is told until it no longer is")
        #expect(reconciler.report.diagnostics.isEmpty)
        #expect(reconciler.report.conditions[.ready])
    }

    @Test("what can never go well is quarantined until it changes or a person asks")
    func quarantine() async throws {
        let bench = try Workbench()
        bench.write(Workbench.document(["a"]))
        bench.graph.failNext(.notOpenable)
        #expect(await bench.reconciler.look(.start).exit == .applyFailed)
        bench.write("# another comment\n" + Workbench.document(["a"]))
        #expect(await bench.reconciler.look(.watch).reason == "Quarantined")
        #expect(bench.graph.applied.isEmpty)
        #expect(bench.reconciler.report.quarantined.count == 1)
        #expect(await bench.reconciler.look(.retry).exit == .done)
        #expect(bench.reconciler.report.quarantined.isEmpty)
    }
}
