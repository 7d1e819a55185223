import ControlAPI
import Glibc
import GraphModel
import Testing

@testable import SluiceDaemon

@Suite("State that survives")
struct RestartTests {
    @Test("after a restart with bad files the last committed graph serves")
    func badFilesAtStart() async throws {
        let bench = try Workbench()
        bench.write(Workbench.document(["a"]))
        _ = await bench.reconciler.look(.start)
        let live = bench.graph.liveDescription
        try bench.stop()
        bench.write("sluice: 1\nnodse: {}\n")
        let again = try bench.restarted()
        let verdict = await again.reconciler.look(.start)
        #expect(verdict.exit == .invalid)
        #expect(verdict.generation == 1)
        #expect(again.graph.liveDescription == live)
        #expect(again.reconciler.report.conditions[.degraded])
    }

    @Test("after a restart with the same files the generation goes on")
    func sameFilesAtStart() async throws {
        let bench = try Workbench()
        bench.write(Workbench.document(["a"]))
        _ = await bench.reconciler.look(.start)
        try bench.stop()
        let again = try bench.restarted()
        #expect(await again.reconciler.look(.start).generation == 1)
        bench.write(Workbench.document(["a", "b"]))
        #expect(await again.reconciler.look(.watch).generation == 2)
    }

    @Test("what was applied by hand serves after a restart, while the files are the same")
    func handAtStart() async throws {
        let bench = try Workbench()
        bench.write(Workbench.document(["a"]))
        _ = await bench.reconciler.look(.start)
        _ = await bench.reconciler.apply(
            bench.request(Workbench.document(["a"], size: "2MiB"))
        )
        let live = bench.graph.liveDescription
        try bench.stop()
        let again = try bench.restarted()
        #expect(await again.reconciler.look(.start).reason == "AppliedByHand")
        #expect(again.graph.liveDescription == live)
    }

    @Test("an intent without a commit is discarded, a commit without its file is completed")
    func crashPoints() async throws {
        let bench = try Workbench()
        let path = bench.directory + "/points"
        let other = bench.directory + "/other"
        let old = record(1, "1MiB"), new = record(2, "2MiB")
        do {
            var store = try StateStore(path: path)
            try store.prepare(old)
            try store.intend(old)
            try store.seal(old)
            try store.keep(old)
            try store.prepare(new)
            try store.intend(new)
        }
        do { try #expect(StateStore(path: path).committed == old) }
        do {
            var store = try StateStore(path: path)
            try store.prepare(new)
            var journal = try Journal(directory: StateDirectory(path: other))
            try journal.append(
                Journal.Record(kind: .committed, generation: 2, digest: new.digest)
            )
            system("cat '\(other)/journal' >> '\(path)/journal'")
            #expect(store.committed == old)
        }
        do { try #expect(StateStore(path: path).committed == new) }
    }

    @Test("a line that was cut off is ignored; a damaged line before it is reported and kept")
    func damage() throws {
        let first = Journal.Record(kind: .committed, generation: 1, digest: "sha256:a")
        let second = Journal.Record(kind: .committed, generation: 2, digest: "sha256:b")
        let whole = first.line + second.line
        for length in 0..<second.line.utf8.count {
            let torn = Array(whole.utf8.prefix(first.line.utf8.count + length))
            let found = Journal.parse(torn)
            #expect(found.records == [first])
            #expect(!found.isDamaged)
        }
        var flipped = Array(whole.utf8)
        flipped[12] ^= 1
        #expect(Journal.parse(flipped).records == [second])
        #expect(Journal.parse(flipped).isDamaged)
    }

    @Test("two daemons do not share a state directory")
    func lock() throws {
        let bench = try Workbench()
        let error = #expect(throws: StateError.self) {
            _ = try StateStore(path: bench.directory + "/state")
        }
        #expect(error?.code == .busy)
    }

    private func record(_ generation: UInt64, _ size: String) -> GenerationRecord {
        var graph = GraphDescription()
        graph.nodes["a"] = NodeDescription(
            name: "a",
            driver: "null-co",
            options: Options([("size", .text(size))])
        )
        return GenerationRecord(
            generation: generation,
            digest: graph.digest,
            unixSeconds: 1,
            origin: .files,
            actor: nil,
            source: "s",
            baseDirectory: "/",
            commit: nil,
            description: graph,
            plan: .null
        )
    }
}
