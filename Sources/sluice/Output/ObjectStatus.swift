import GraphModel

/// How one node or export does: its story, and what is wrong with it.
struct ObjectStatus {
    private let story: ObjectStory
    private let state: String
    /// What went wrong in it while it served.
    private let faults: [String]
    /// What is said about it in the files.
    private let findings: [Diagnostic]

    /// Finds an object among what is live, or among what is wished and down.
    ///
    /// - Parameters:
    ///   - word: `node/x`, `export/x`, or a name of either.
    ///   - graph: The live graph.
    ///   - status: The daemon's status.
    init?(_ word: String, in graph: JSONValue, _ status: JSONValue) {
        guard let story = ObjectStory(word, in: graph) else { return nil }
        self.story = story
        let all = (status["diagnostics"]?.list ?? []).compactMap(Diagnostic.init(json:))
        let title = story.object.replacing("/", with: " ", maxReplacements: 1)
        findings = all.filter { finding in
            ([finding.message] + finding.related.map(\.message)).contains {
                ($0 + " ").contains(title + " ") || $0.contains(title + ":")
            }
        }
        faults = (status["findings"]?.list ?? []).filter {
            $0["node"]?.text.map { ObjectKind.node.object($0) } == story.object
        }.compactMap { $0["message"]?.text }
        state = Self.down(story.object, status) ?? "live in @\(status["generation"]?.integer ?? 0)"
    }

    private static func down(_ object: String, _ status: JSONValue) -> String? {
        let export = (status["down"]?.list ?? []).first {
            $0["name"]?.text.map { ObjectKind.export.object($0) } == object
        }
        return export.map { "down: \($0["reason"]?.text ?? "")" }
    }

    /// The object for programs, with the lines for people.
    var json: JSONValue {
        [
            "object": .text(story.object), "state": .text(state), "story": story.json,
            "findings": JSONValue(texts: faults), "diagnostics": .list(findings.map(\.json)),
            "text": .text(text),
        ]
    }

    private var text: String {
        story.short(state: state) + faults.map { "  \($0)\n" }.joined()
            + findings.map { "  \($0.severity.rawValue)[\($0.code)]: \($0.message)\n" }.joined()
    }

    /// The status of some objects for programs.
    static func json(_ objects: [JSONValue], _ status: JSONValue) -> JSONValue {
        [
            "generation": status["generation"] ?? .null, "digest": status["digest"] ?? .null,
            "objects": .list(objects),
        ]
    }

    /// The same for people.
    static func text(of status: JSONValue) -> String {
        (status["objects"]?.list ?? []).compactMap { $0["text"]?.text }.joined(separator: "\n")
    }

    /// Whether any of the objects is not served.
    static func isDown(_ status: JSONValue) -> Bool {
        (status["objects"]?.list ?? []).contains {
            $0["state"]?.text?.hasPrefix("down") == true
        }
    }
}

/// Where an export is and what it has done, on one line.
struct ExportFacts {
    private let export: JSONValue

    init(_ export: JSONValue) { self.export = export }

    var text: String {
        var parts = [
            (export["writable"]?.flag ?? export["options"]?["writable"]?.flag) == true
                ? "writable" : "read-only"
        ]
        if let name = export["options"]?["name"]?.text { parts.append("name \(name)") }
        if let listener = export["listener"]?.text { parts.append("on \(listener)") }
        let threads = (export["threads"]?.list ?? []).compactMap(\.text)
        if !threads.isEmpty {
            parts.append(
                (threads.count > 1 ? "threads " : "thread ") + threads.joined(separator: ", ")
            )
        }
        for member in export["counters"]?.members ?? []
        where ["reads", "writes", "flushes", "failed"].contains(member.key) {
            parts.append("\(member.key) \(member.value.integer ?? 0)")
        }
        let clients = (export["clients"]?.list ?? []).compactMap { $0["peer"]?.text }
        if !clients.isEmpty { parts.append("clients " + clients.joined(separator: " ")) }
        return parts.joined(separator: " · ")
    }
}
