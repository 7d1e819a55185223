import ControlAPI
import GraphModel
import Testing

@testable import SluiceDaemon

@Suite("Guards, and changes by hand")
struct GuardAndHandTests {
    private static let ten = (0..<10).map { "e\($0)" }

    @Test("removing more than a quarter of the exports waits for a person, who names each")
    func guardOfExports() async throws {
        let bench = try Workbench()
        bench.write(Workbench.document(Self.ten))
        _ = await bench.reconciler.look(.start)
        let left = Array(Self.ten.dropLast(3))
        bench.write(Workbench.document(left))
        #expect(await bench.reconciler.look(.watch).exit == .refused)
        #expect(bench.reconciler.report.conditions[.held])
        #expect(bench.graph.liveDescription.exports.count == 10)
        var request = bench.request(Workbench.document(left))
        request.allowRemove = ["e8", "e9"]
        #expect(await bench.reconciler.apply(request).exit == .refused)
        request.allowRemove = ["e8", "e9", "e7"]
        #expect(await bench.reconciler.apply(request).exit == .done)
        #expect(bench.graph.liveDescription.exports.count == 7)
        #expect(!bench.reconciler.report.conditions[.held])
    }

    @Test("an export with clients is not removed while they are connected")
    func clients() async throws {
        let bench = try Workbench()
        bench.write(Workbench.document(Self.ten))
        _ = await bench.reconciler.look(.start)
        bench.graph.connect(2, to: "e9")
        bench.write(Workbench.document(Self.ten.dropLast()))
        let verdict = await bench.reconciler.look(.watch)
        #expect(verdict.exit == .refused)
        #expect(verdict.diagnostics.map(\.code) == ["E0611"])
        bench.graph.connect(0, to: "e9")
        #expect(await bench.reconciler.look(.rescan).exit == .done)
    }

    @Test("the watcher does not fight what was applied by hand, until the files change")
    func byHand() async throws {
        let bench = try Workbench()
        bench.write(Workbench.document(["a"], size: "1MiB"))
        _ = await bench.reconciler.look(.start)
        let request = bench.request(Workbench.document(["a"], size: "2MiB"))
        let verdict = await bench.reconciler.apply(request)
        #expect(verdict.exit == .done)
        #expect(verdict.generation == 2)
        #expect(await bench.reconciler.look(.rescan).reason == "AppliedByHand")
        #expect(bench.graph.applied.count == 2)
        bench.write(Workbench.document(["a"], size: "4MiB"))
        #expect(await bench.reconciler.look(.watch).exit == .done)
        #expect(bench.graph.liveDescription.nodes["a"]?.options.integer("size") == 4 << 20)
    }

    @Test("a plan that was shown and is another one now is refused")
    func stale() async throws {
        let bench = try Workbench()
        bench.write(Workbench.document(["a"]))
        _ = await bench.reconciler.look(.start)
        var request = bench.request(Workbench.document(["a"], size: "2MiB"))
        request.plan = "sha256:0"
        #expect(await bench.reconciler.apply(request).exit == .stalePlan)
        #expect(bench.graph.applied.count == 1)
    }

    @Test("an invalid configuration by hand changes nothing and tells what is wrong")
    func invalid() async throws {
        let bench = try Workbench()
        bench.write(Workbench.document(["a"]))
        _ = await bench.reconciler.look(.start)
        let verdict = await bench.reconciler.apply(bench.request("sluice: 1\nnodse: {}\n"))
        #expect(verdict.exit == .invalid)
        #expect(!verdict.diagnostics.isEmpty)
        #expect(bench.reconciler.report.conditions[.ready])
    }
}

extension Workbench {
    func request(_ text: String) -> ApplyRequest {
        ApplyRequest(
            files: [ApplyRequest.File(path: "hand.yaml", text: text)],
            baseDirectory: directory
        )
    }
}
