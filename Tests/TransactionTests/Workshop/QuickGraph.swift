import GraphModel
import Reconciliation

/// Nodes and exports in a line each: `NAME DRIVER key=value ...`, or `NAME export of=NODE ...`.
///
/// A `file` is called after its node unless it says otherwise, a `throttle` is of group `g`, a
/// `qcow2` has no backing, and an `nbd` has some server. `=rw` is short for `writable=true`.
func quick(_ text: String) -> String {
    var nodes: [String] = []
    var exports: [String] = []
    for line in text.split(separator: "\n") {
        let words = line.split(separator: " ").map(String.init)
        guard words.count >= 2 else { continue }
        let options = Dictionary(
            words.dropFirst(2).map { word -> (String, String) in
                let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
                return word == "=rw" ? ("writable", "true") : (parts[0], parts[1])
            },
            uniquingKeysWith: { $1 }
        )
        let defaults: [String: [String: String]] = [
            "file": ["filename": "\(words[0]).raw"], "throttle": ["throttle-group": "g"],
            "qcow2": ["backing": "null"], "nbd": ["server": "{type: unix, path: s}"],
        ]
        if words[1] == "export" {
            let fields = options.map { "\($0.key == "of" ? "node" : $0.key): \($0.value)" }
            exports.append("  \(words[0]): {type: nbd, \(fields.sorted().joined(separator: ", "))}")
        } else {
            let all = (defaults[words[1]] ?? [:]).merging(options) { $1 }
            let fields = ["driver: \(words[1])"] + all.map { "\($0.key): \($0.value)" }.sorted()
            nodes.append("  \(words[0]): {\(fields.joined(separator: ", "))}")
        }
    }
    return (nodes.isEmpty ? "" : "nodes:\n" + nodes.joined(separator: "\n") + "\n")
        + (exports.isEmpty ? "" : "exports:\n" + exports.joined(separator: "\n") + "\n")
}

/// What can be said of a graph without opening anything.
struct Judgement {
    let configuration: Configuration

    /// Judges nodes and exports as ``quick(_:)`` reads them.
    init(_ text: String) { self.init(document: quick(text)) }

    init(document: String) {
        let whole = "sluice: 1\n" + Workshop.prelude + document
        configuration = Configuration(
            texts: [
                ConfigurationText(
                    path: "a.yaml",
                    bytes: Array(whole.replacing("{dir}", with: "/d").utf8)
                )
            ]
        )
    }

    var isLegal: Bool { codes.isEmpty }
    var codes: [String] {
        configuration.diagnostics.filter { $0.severity == .error }.map(\.code)
    }
    /// Everything that is told, as one text.
    var words: String {
        configuration.diagnostics.flatMap { [$0.message] + $0.related.map(\.message) + $0.help }
            .joined(separator: "\n")
    }
    /// The graph with its masks, legal or not.
    var graph: ResolvedGraph { ResolvedGraph(resolving: configuration.description) }
    /// Masks by `parent edge child`, parents of exports as `export/e`.
    var masks: [String: String] {
        Dictionary(
            uniqueKeysWithValues: graph.edges.map {
                let parent =
                    $0.parent.hasPrefix("node/") ? String($0.parent.dropFirst(5)) : $0.parent
                return ("\(parent) \($0.edge) \($0.child)", $0.masks.description)
            }
        )
    }
}
