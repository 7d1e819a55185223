import GraphModel
import Reconciliation
import Testing

/// Two virtual machines of the same shape, as the scenarios describe them.
private let base = """
    sluice: 1
    listeners: {l: {type: nbd, address: "unix:s"}}
    throttle-groups: {g1: {iops-total: 4000}, g2: {iops-total: 4000}}
    nodes:
      vm1-file: {driver: file, filename: 1.qcow2}
      vm1-fmt: {driver: qcow2, file: vm1-file, backing: null}
      vm1-iops: {driver: throttle, throttle-group: g1, file: vm1-fmt}
      vm2-file: {driver: file, filename: 2.qcow2}
      vm2-fmt: {driver: qcow2, file: vm2-file, backing: null}
      vm2-iops: {driver: throttle, throttle-group: g2, file: vm2-fmt}
    exports:
      vm1: {type: nbd, node: vm1-iops, writable: true}
      vm2: {type: nbd, node: vm2-iops, writable: true}

    """

private func valid(_ text: String) throws -> Configuration {
    let read = read(text)
    try #require(read.verdict == .valid, "\(read.diagnostics)")
    return read
}

private func plan(_ live: String, _ desired: String, allowed: Set<String> = []) throws -> Plan {
    let (before, after) = (try valid(live), try valid(desired))
    return Plan(
        live: before.description,
        desired: after.description,
        marks: after.marks,
        liveMarks: before.marks,
        allowed: allowed
    )
}

@Suite("Scenarios of planning")
struct PlanScenarioTests {
    @Test("P2: a change in place pauses nobody and drains nothing")
    func inPlace() throws {
        let plan = try plan(
            base,
            base.replacing("g1: {iops-total: 4000}", with: "g1: {iops-total: 6000}")
        )
        #expect(plan.actions.map(\.kind) == [.change])
        #expect(plan.exports.first { $0.name == "vm1" }?.impact == .noPause)
        #expect(plan.exports.first { $0.name == "vm2" }?.impact == .untouched)
        #expect(!plan.steps.contains { $0.phase == .drain })
    }

    private static let renamed = base.replacing("vm1-fmt: {driver", with: "vm1-disk: {driver")
        .replacing("file: vm1-fmt", with: "file: vm1-disk")

    @Test("P4, P5: a rename that was not said is recognised, and the printed line makes it one")
    func recognisedRename() throws {
        let plain = try plan(base, Self.renamed)
        #expect(plain.likelyRenames.map(\.line) == ["formerly: vm1-fmt"])
        #expect(plain.advice.map(\.code) == ["W0307"])
        let said = Self.renamed.replacing("vm1-disk: {", with: "vm1-disk: {formerly: vm1-fmt, ")
        let rename = try plan(base, said)
        #expect(rename.actions.map(\.kind) == [.rename])
        #expect(rename.exports.allSatisfy { $0.impact == .untouched })
        #expect(rename.advice.isEmpty)
        // Done, it is no change, with the line and without.
        #expect(try plan(said, Self.renamed).isEmpty)
        let again = try plan(Self.renamed, said)
        #expect(again.isEmpty)
        #expect(again.advice.map(\.code) == ["W0306"])
    }

    @Test("P5: the fix of a recognised rename is the line that makes it one")
    func renameFix() throws {
        let texts = [ConfigurationText(path: "a.yaml", bytes: Array(Self.renamed.utf8))]
        let read = Configuration(texts: texts)
        let plan = Plan(
            live: try valid(base).description,
            desired: read.description,
            marks: read.marks
        )
        let fixes = FixFinder.fixes(of: read, texts: texts, plan: plan).all
        #expect(fixes.map(\.what) == ["formerly: vm1-fmt"])
        let edited = try #require(FixFinder.apply(fixes[0].edits, to: texts))
        let mended = Plan(live: plan.live, desired: Configuration(texts: edited).description)
        #expect(mended.actions.map(\.kind) == [.rename])
    }

    @Test("P6: formerly that matches nothing is an error, unless nothing is live")
    func formerlyNothing() throws {
        let text = base.replacing("vm1-fmt: {", with: "vm1-fmt: {formerly: vm1-ftm, ")
        let other = "sluice: 1\nnodes: {x: {driver: null-co}}\n"
        #expect(try plan(other, text).advice.map(\.code) == ["E0306"])
        #expect(try plan("sluice: 1\n", text).advice.isEmpty)
        #expect(try plan(base, text).advice.map(\.code) == ["W0306"])
        let still = base.replacing("vm1-fmt: {", with: "vm1-fmt: {formerly: vm2-fmt, ")
        #expect(read(still).diagnostics.map(\.code) == ["E0306"])
    }

    @Test("P11: only the final state counts when one gives up a right and another takes it")
    func finalState() throws {
        let owner = { (writer: String) in
            """
            sluice: 1
            nodes:
              x: {driver: file, filename: x}
              a: {driver: qcow2, file: x, backing: null, read-only: \(writer != "a")}
              b: {driver: qcow2, file: x, backing: null, read-only: \(writer != "b")}

            """
        }
        // A reader of a format shares no writes either, so only one may refer to the file.
        let one =
            "sluice: 1\nnodes: {x: {driver: file, filename: x}, a: {driver: qcow2, file: x, backing: null}}\n"
        let two =
            "sluice: 1\nnodes: {x: {driver: file, filename: x}, b: {driver: qcow2, file: x, backing: null}}\n"
        #expect(try plan(one, two).actions.count == 2)
        #expect(try plan(two, one).actions.count == 2)
        #expect(read(owner("a")).verdict == .conflicting)
    }

    @Test("P12: two exports that exchange their images are drained together in one plan")
    func exchange() throws {
        let swapped = base.replacing(
            "throttle-group: g1, file: vm1-fmt",
            with: "throttle-group: g1, file: X"
        )
        .replacing("throttle-group: g2, file: vm2-fmt", with: "throttle-group: g2, file: vm1-fmt")
        .replacing("file: X", with: "file: vm2-fmt")
        let plan = try plan(base, swapped)
        #expect(plan.drainedExports == ["vm1", "vm2"])
        #expect(plan.steps.filter { $0.phase == .drain }.count == 1)
        #expect(plan.steps.filter { $0.phase == .commit }.count == 1)
    }

    @Test("P14: six removals of a hundred are held; all six names lift it, five do not")
    func guardOfRemovals() throws {
        func text(_ count: Int) -> String {
            "sluice: 1\nnodes:\n"
                + (0..<count).map { "  n\($0): {driver: null-co}\n" }.joined()
        }
        let plan = try plan(text(100), text(94))
        let guards = PlanGuards(removedObjectsMax: 5)
        let names = (94..<100).map { "n\($0)" }
        let result = try #require(guards.results(of: plan, clients: nil).last)
        #expect(!result.isOk && result.limit == 5 && result.actual == 6)
        #expect(result.finding?.help.first?.contains("--allow-remove n94") == true)
        func isOk(_ allowed: some Sequence<String>) -> Bool {
            guards.results(of: plan, clients: [:], allowed: Set(allowed)).allSatisfy(\.isOk)
        }
        #expect(!isOk(names.dropLast()))
        #expect(isOk(names))
        #expect(plan.actions.count == 6)
    }

    @Test("P15: what was protected while it was live is removed by name only")
    func protected() throws {
        let live = base.replacing("vm2-iops: {", with: "vm2-iops: {protect: true, ")
        let gone =
            base.split(separator: "\n").filter { !$0.contains("vm2") }
            .joined(separator: "\n") + "\n"
        #expect(try plan(live, gone).refusals.map(\.code) == ["E0601"])
        #expect(try plan(live, gone, allowed: ["vm2-iops"]).refusals.isEmpty)
    }

    @Test("P22: ten thousand nodes and a thousand changes are a plan of less than 10 MB")
    func size() throws {
        func text(_ changed: Int) -> String {
            "sluice: 1\nnodes:\n"
                + (0..<10_000).map {
                    "  n\($0): {driver: null-co, latency: \($0 < changed ? 2 : 1)ms}\n"
                }.joined()
        }
        let plan = try plan(text(0), text(1_000))
        #expect(plan.actions.count == 1_000)
        #expect(SavedPlan(plan, json: plan.json).encoded.count < 10_000_000)
    }

    @Test("a part of a plan is planned when the rest stays consistent, and refused when not")
    func partial() throws {
        let changed = base.replacing("g1: {iops-total: 4000}", with: "g1: {iops-total: 1}")
            .replacing("g2: {iops-total: 4000}", with: "g2: {iops-total: 2}")
        let whole = try plan(base, changed)
        let part = PartialPlan(of: whole, only: ["g1"])
        #expect(part.findings.isEmpty)
        #expect(
            Plan(live: whole.live, desired: part.desired).actions.map(\.object)
                == ["throttle-group/g1"]
        )
        let gone =
            base.split(separator: "\n").filter { !$0.contains("vm2") }
            .joined(separator: "\n") + "\n"
        let removal = try plan(base, gone)
        #expect(PartialPlan(of: removal, only: ["vm2-fmt"]).findings.map(\.code) == ["E0605"])
        #expect(PartialPlan(of: removal, only: ["export/vm2"]).findings.isEmpty)
        #expect(PartialPlan(of: removal, only: ["vm9"]).findings.map(\.code) == ["E0605"])
    }
}
