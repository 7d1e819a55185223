import GraphModel
import Testing

@testable import Reconciliation

@Suite("Documents that were parsed before")
struct DocumentCacheTests {
    private static let head = "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:/l\"}}\n"

    private func text(_ name: String, _ size: String, faults: String = "") -> ConfigurationText {
        let body =
            "sluice: 1\nnodes: {\(name): {driver: null-co, size: \(size)}}\n"
            + "exports: {\(name): {type: nbd, node: \(name)}}\n" + faults
        return ConfigurationText(path: "\(name).yaml", bytes: Array(body.utf8))
    }

    @Test("after any sequence of edits the result is that of reading everything anew")
    func sameResult() {
        var cache = DocumentCache()
        let head = ConfigurationText(path: "0.yaml", bytes: Array(Self.head.utf8))
        let steps: [[ConfigurationText]] = [
            [head, text("a", "1MiB"), text("b", "1MiB")],
            [head, text("a", "1MiB"), text("b", "2MiB")],
            [head, text("a", "1MiB"), text("b", "2MiB", faults: "nodse: {}\n")],
            [head, text("a", "1MiB"), text("b", "2MiB", faults: "nodse: {}\n"), text("c", "x")],
            [head, text("a", "1MiB"), text("c", "4MiB")],
            [head, text("c", "4MiB"), text("a", "1MiB"), text("büro", "1KiB")],
            [text("a", "1MiB")], [],
            [head, text("a", "1MiB"), text("b", "1MiB")],
        ]
        for texts in steps {
            let cached = Configuration(texts: texts, cache: &cache)
            let anew = Configuration(texts: texts)
            #expect(cached.description == anew.description)
            #expect(cached.diagnostics == anew.diagnostics)
            #expect(cached.verdict == anew.verdict)
            #expect(cached.resolved?.edges == anew.resolved?.edges)
        }
    }

    @Test("a file that did not change is judged by what another one says now")
    func otherFiles() {
        var cache = DocumentCache()
        let view = ConfigurationText(
            path: "view.yaml",
            bytes: Array("sluice: 1\nnodes: {v: {driver: snapshot-access, file: b}}\n".utf8)
        )
        let below = [
            "b: {driver: copy-before-write, file: f, target: t}", "b: {driver: raw, file: f}",
            "b: {driver: copy-before-write, file: t, target: f}",
        ]
        for node in below {
            let text =
                "sluice: 1\nnodes:\n  f: {driver: null-co}\n  t: {driver: null-co}\n  \(node)\n"
            let texts = [view, ConfigurationText(path: "b.yaml", bytes: Array(text.utf8))]
            let cached = Configuration(texts: texts, cache: &cache)
            #expect(cached.diagnostics == Configuration(texts: texts).diagnostics)
            #expect(cached.diagnostics.map(\.code) == (node.contains("raw") ? ["E0208"] : []))
        }
    }

    @Test("whatever is edited, reading, digest and plan are those of a fresh start")
    func randomEdits() {
        for seed in 1...10 {
            var edits = RandomEdits(seed: UInt64(seed))
            var cache = DocumentCache()
            var live = GraphDescription()
            var known = GraphDigest(of: live)
            for _ in 0..<20 {
                let texts = edits.next()
                let cached = Configuration(texts: texts, baseDirectory: "/base", cache: &cache)
                let anew = Configuration(texts: texts, baseDirectory: "/base")
                #expect(cached.diagnostics == anew.diagnostics)
                #expect(cached.description.stranger == anew.description)
                #expect(places(cached) == places(anew))
                guard let resolved = cached.resolved, cached.verdict == .valid else { continue }
                #expect(resolved.edges == anew.resolved?.edges)
                #expect(resolved.order.sorted() == anew.resolved?.order.sorted())
                known = GraphDigest(of: cached.description, after: known)
                #expect(known.text == anew.description.digest)
                let plan = Plan(live: live, desired: cached.description, marks: cached.marks)
                let before = ResolvedGraph(resolving: live)
                let numbered = Plan(live: before, desired: resolved, marks: cached.marks)
                #expect(numbered.json(PlanContext()) == plan.json(PlanContext()))
                if let stranger = anew.resolved {
                    let walked = Plan(live: before, desired: stranger, marks: anew.marks)
                    #expect(walked.json(PlanContext()) == plan.json(PlanContext()))
                }
                let whole = Plan(live: live.stranger, desired: anew.description, marks: anew.marks)
                #expect(plan.json(PlanContext()) == whole.json(PlanContext()))
                expectSameAffected(ResolvedGraph(resolving: live), resolved)
                if edits.chance(3, in: 4) { live = cached.description }
            }
        }
    }

    private func expectSameAffected(_ old: ResolvedGraph, _ new: ResolvedGraph) {
        let known = AffectedObjects(from: old, to: new)
        let whole = AffectedObjects(
            from: old,
            to: ResolvedGraph(resolving: new.description.stranger)
        )
        #expect(Set(known.nodes) == Set(whole.nodes))
        #expect(Set(known.formerNodes) == Set(whole.formerNodes))
        #expect(known.exports == whole.exports && known.goneExports == whole.goneExports)
    }

    private func places(_ configuration: Configuration) -> [String] {
        let graph = configuration.description
        var places: [String] = []
        for node in graph.nodes.values {
            let object = ObjectKind.node.object(node.name)
            for path in ["driver", "size", "file", "filename", "formerly", ""] {
                places.append("\(configuration.marks.mark(object, path) as Any)")
            }
        }
        for export in graph.exports.values {
            places.append("\(configuration.marks.mark(.export, export.name) as Any)")
        }
        return places.sorted()
    }
}

extension GraphDescription {
    /// The same graph, made of nothing that is known.
    fileprivate var stranger: GraphDescription {
        var copy = self
        copy.nodes = nodes
        return copy
    }
}

/// Files of a small configuration that are edited, added and taken away at random; names meet
/// often, and now and then something is wrong.
private struct RandomEdits {
    private var state: UInt64
    private var files: [String: String] = ["0.yaml": Self.head]
    private static let head = "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:l\"}}\n"

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    private mutating func number(_ count: UInt64) -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state % count
    }

    mutating func chance(_ count: UInt64, in all: UInt64) -> Bool { number(all) < count }

    /// The files after an edit.
    mutating func next() -> [ConfigurationText] {
        for _ in 0...number(2) { edit() }
        return files.sorted { $0.key < $1.key }.map {
            ConfigurationText(path: $0.key, bytes: Array($0.value.utf8))
        }
    }

    private mutating func edit() {
        let name = "\(number(6)).yaml"
        if name == "0.yaml" {
            // A second listener makes all exports without one wrong.
            files[name] =
                chance(1, in: 8)
                ? Self.head + "throttle-groups: {g: {iops-total: \(number(3) + 1)}}\n"
                : chance(1, in: 12)
                    ? "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:l\"}, "
                        + "m: {type: nbd, address: \"unix:m\"}}\n" : Self.head
        } else if chance(1, in: 6) {
            files[name] = nil
        } else {
            files[name] = document(Int(number(3)))
        }
    }

    private mutating func document(_ count: Int) -> String {
        var nodes: [String] = []
        var exports: [String] = []
        for _ in 0...count {
            let own = "n\(number(9))"
            nodes.append("  \(own): \(node())")
            if chance(1, in: 2) { exports.append("  \(own): {type: nbd, node: \(own)}") }
        }
        var text = "sluice: 1\nnodes:\n" + nodes.joined(separator: "\n") + "\n"
        if !exports.isEmpty { text += "exports:\n" + exports.joined(separator: "\n") + "\n" }
        if chance(1, in: 15) { text += "nodse: {}\n" }
        if chance(1, in: 15) { text += "# büro\n" }
        return text
    }

    private mutating func node() -> String {
        switch number(8) {
        case 0, 1, 2: "{driver: null-co, size: \(number(3) + 1)MiB}"
        case 3: "{driver: file, filename: disk\(number(2)).raw}"
        case 4: "{driver: raw, file: {driver: null-co, size: \(number(2) + 1)MiB}}"
        case 5: "{driver: raw, file: n\(number(9))}"
        case 6: "{driver: null-co, size: 1MiB, formerly: n\(number(9))}"
        default: "{driver: throttle, throttle-group: g, file: n\(number(9))}"
        }
    }
}
