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
}
