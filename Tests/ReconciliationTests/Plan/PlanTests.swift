import GraphModel
import Reconciliation
import Testing

/// A graph of one file, served by one listener.
private func graph(_ text: String) throws -> GraphDescription {
    let read = read(
        "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:s\"}}\n"
            + "throttle-groups: {g: {iops-total: 5}, h: {iops-total: 9}}\n" + text
    )
    try #require(read.verdict == .valid, "\(read.diagnostics)")
    return read.description
}

/// What happens between two graphs: actions, and what export `e` notices.
private func plan(_ live: String, _ desired: String) throws -> [String] {
    let plan = Plan(live: try graph(live), desired: try graph(desired))
    return plan.actions.map { "\($0.object) \($0.kind.rawValue)" }
        + plan.exports.map { "\($0.name): \($0.impact.rawValue)" }
}

@Suite("Plans")
struct PlanTests {
    private static let served = "exports: {e: {type: nbd, node: t, writable: true}}\n"

    @Test(
        "each change costs what its driver's specification says",
        arguments: [
            ("driver: null-co", "driver: null-co, latency: 1ms", "change", "no-pause"),
            ("driver: null-co", "driver: null-co, size: 1MiB", "replace", "pause"),
            ("driver: null-co", "driver: null-co, protect: true", "change", "untouched"),
            ("driver: null-co", "driver: file, filename: a", "replace", "pause"),
            ("driver: file, filename: a", "driver: file, filename: b", "replace", "pause"),
            (
                "driver: file, filename: a", "driver: file, filename: a, cache: {direct: true}",
                "change", "no-pause"
            ),
            (
                "driver: file, filename: a", "driver: file, filename: a, create: true", "change",
                "untouched"
            ),
            (
                "driver: file, filename: a", "driver: file, filename: a, auto-read-only: true",
                "change", "pause"
            ),
            (
                "driver: nbd, server: {type: unix, path: a}",
                "driver: nbd, server: {type: unix, path: a}, auto-read-only: true", "replace",
                "pause"
            ),
            (
                "driver: nbd, server: {type: unix, path: a}",
                "driver: nbd, server: {type: unix, path: b}", "replace", "pause"
            ),
        ]
    )
    func costs(before: String, after: String, action: String, impact: String) throws {
        let found = try plan(
            "nodes: {t: {\(before)}}\n" + Self.served,
            "nodes: {t: {\(after)}}\n" + Self.served
        )
        #expect(found == ["node/t \(action)", "e: \(impact)"])
    }

    @Test("a throttle node changes its group in place")
    func throttleGroup() throws {
        let text =
            "nodes: {n: {driver: null-co}, t: {driver: throttle, file: n, throttle-group: g}}\n"
            + Self.served
        let found = try plan(text, text.replacing("throttle-group: g", with: "throttle-group: h"))
        #expect(found == ["node/t change", "e: no-pause"])
    }

    @Test("exports change with a pause only where requests in flight would mind")
    func exports() throws {
        let text =
            "iothreads: {io0: {}}\nnodes: {t: {driver: null-co}}\n"
            + "exports: {e: {type: nbd, node: t, writable: true}}\n"
        for (after, impact) in [
            ("writable: true, description: x", "no-pause"), ("writable: true, name: x", "no-pause"),
            ("writable: false", "pause"), ("writable: true, iothread: io0", "pause"),
        ] {
            let found = try plan(text, text.replacing("writable: true", with: after))
            #expect(found == ["export/e change", "e: \(impact)"], "\(after)")
        }
        let opened = try plan(text.replacing("writable: true", with: "writable: false"), text)
        #expect(opened == ["export/e change", "e: no-pause"])
    }

    @Test("a rename takes inline children along and touches nobody")
    func rename() throws {
        let found = try plan(
            "nodes: {q: {driver: raw, file: {driver: null-co}}, t: {driver: raw, file: q}}\n"
                + Self.served,
            "nodes: {d: {driver: raw, file: {driver: null-co}, formerly: q}, t: {driver: raw, file: d}}\n"
                + Self.served
        )
        #expect(found == ["node/d rename", "node/d.file rename", "e: untouched"])
    }

    @Test("a rename that is done is no change, with and without formerly")
    func renamed() throws {
        let done = "nodes: {t: {driver: null-co}}\n" + Self.served
        let still = "nodes: {t: {driver: null-co, formerly: q}}\n" + Self.served
        #expect(try plan(done, still) == ["e: untouched"])
        #expect(try plan(still, done) == ["e: untouched"])
    }

    @Test("a filter of the same name over the same bytes may take another's place without a pause")
    func replacedFilter() throws {
        let found = try plan(
            "nodes: {n: {driver: null-co}, t: {driver: raw, file: n}}\n" + Self.served,
            "nodes: {n: {driver: null-co}, t: {driver: throttle, file: n, throttle-group: g}}\n"
                + Self.served
        )
        #expect(found == ["node/t replace", "e: no-pause"])
        let other = try plan(
            "nodes: {n: {driver: null-co}, m: {driver: null-co}, t: {driver: raw, file: n}}\n"
                + Self.served,
            "nodes: {n: {driver: null-co}, m: {driver: null-co}, t: {driver: compress, file: m}}\n"
                + Self.served
        )
        #expect(other == ["node/t replace", "e: pause"])
    }

    @Test("copy-on-read comes and goes without a pause while there is nothing to copy")
    func copyOnRead() throws {
        for (backing, impact) in [("null", "no-pause"), ("{driver: null-co}", "pause")] {
            let without =
                "nodes: {f: {driver: null-co}, t: {driver: qcow2, file: f, backing: \(backing)}}\n"
            let with =
                "nodes: {f: {driver: null-co}, t: {driver: qcow2, file: f, backing: \(backing)}, "
                + "c: {driver: copy-on-read, file: t}}\n"
            let inside = Self.served.replacing("node: t", with: "node: c")
            let comes = try plan(without + Self.served, with + inside)
            #expect(comes.contains("e: \(impact)"), "\(backing)")
            let goes = try plan(with + inside, without + Self.served)
            #expect(goes.contains("e: \(impact)"), "\(backing)")
        }
    }

    @Test("copy-on-read keeps the pause of a backing that comes or goes with it")
    func copyOnReadWithBacking() throws {
        let plain =
            "nodes: {f: {driver: null-co}, b: {driver: null-co}, "
            + "t: {driver: qcow2, file: f, backing: null}}\n" + Self.served
        let filled =
            "nodes: {f: {driver: null-co}, b: {driver: null-co}, "
            + "t: {driver: qcow2, file: f, backing: b}, c: {driver: copy-on-read, file: t}}\n"
            + Self.served.replacing("node: t", with: "node: c")
        #expect(try plan(plain, filled).contains("e: pause"))
        #expect(try plan(filled, plain).contains("e: pause"))
    }

    @Test("a new overlay says that its writes have to be merged back")
    func mergeBack() throws {
        let plan = Plan(
            live: try graph("nodes: {b: {driver: file, filename: a, read-only: true}}\n"),
            desired: try graph(
                "nodes: {b: {driver: file, filename: a, read-only: true}, o: {driver: qcow2, "
                    + "file: {driver: file, filename: o}, backing: b}}\n"
            )
        )
        #expect(plan.actions.first { $0.object == "node/o" }?.undo == .mergeBack)
        #expect(plan.actions.first { $0.object == "node/o.file" }?.undo == .free)
        #expect(plan.steps.first?.objects == ["node/o.file", "node/o"])
    }

    @Test("protected objects are removed only by name")
    func protection() throws {
        let live = try graph("nodes: {a: {driver: null-co, protect: true}}\n")
        #expect(Plan(live: live, desired: try graph("")).refusals.map(\.code) == ["E0601"])
        #expect(Plan(live: live, desired: try graph(""), allowed: ["a"]).refusals.isEmpty)
    }

    @Test("the same two graphs give the same plan, whatever the files and the marks are")
    func identity() throws {
        let live = try graph("nodes: {t: {driver: null-co}}\n" + Self.served)
        let one = read(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:t\"}}\nnodes: {t: {driver: null-co}}\n"
        )
        let two = read(
            "sluice: 1\n\n\nnodes: {t: {driver: null-co}}\nlisteners: {l: {address: \"unix:t\", type: nbd}}\n"
        )
        let first = Plan(live: live, desired: one.description, marks: one.marks)
        let second = Plan(live: live, desired: two.description, marks: two.marks)
        #expect(first.id == second.id)
        #expect(first.id.hasPrefix("sha256:"))
        #expect(Plan(live: live, desired: live).id != first.id)
    }

    @Test("what was served through a replaced or renamed node is known to the engine")
    func engine() throws {
        let plan = Plan(
            live: try graph(
                "nodes: {a: {driver: null-co}, t: {driver: raw, file: a}}\n" + Self.served
            ),
            desired: try graph(
                "nodes: {b: {driver: null-co, formerly: a, size: 1MiB}, t: {driver: raw, file: b}}\n"
                    + Self.served
            )
        )
        #expect(plan.formerNames == ["b": "a"])
        #expect(plan.replacedNodes == ["b"])
        #expect(plan.drainedExports == ["e"])
        #expect(plan.actions.map(\.previous) == ["node/a"])
    }
}
