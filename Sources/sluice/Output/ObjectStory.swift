import GraphModel

/// The story of one live object: what it is, who uses it and by which way, what it uses.
struct ObjectStory {
    private static let labelCells = 10
    /// Most users that are named one by one.
    private static let usersMax = 12

    private let graph: JSONValue
    /// The object, `node/x` or `export/x`.
    let object: String
    private let record: JSONValue
    private let kind: ObjectKind
    private let name: String

    /// Finds an object in the answer of `show`; `nil` when it is not live.
    ///
    /// - Parameters:
    ///   - word: `node/x`, `export/x`, or a name of either; a node before an export.
    ///   - graph: The live graph.
    init?(_ word: String, in graph: JSONValue) {
        for (kind, section) in [(ObjectKind.node, "nodes"), (.export, "exports")] {
            for record in graph[section]?.list ?? [] {
                guard let name = record["name"]?.text,
                    word == name || word == kind.object(name)
                else { continue }
                self.graph = graph
                self.record = record
                self.kind = kind
                self.name = name
                object = kind.object(name)
                return
            }
        }
        return nil
    }

    /// Names of everything that has a story.
    static func names(in graph: JSONValue) -> [String] {
        ["nodes", "exports"].flatMap { graph[$0]?.list ?? [] }.compactMap { $0["name"]?.text }
    }

    private var edges: [JSONValue] { graph["edges"]?.list ?? [] }

    /// The story for people.
    var text: String {
        var text = head + "\n"
        text += rows("used by", users)
        text += rows("uses", uses)
        text += rows("options", options)
        text += rows("remove", [removal])
        return text
    }

    /// The beginning of the story, and how the object does.
    func short(state: String) -> String {
        var text = head + "\n" + rows("state", [state]) + rows("used by", users)
        if kind == .export { text += rows("has done", [ExportFacts(record).text]) }
        return text + rows("uses", uses)
    }

    /// The story for programs.
    var json: JSONValue {
        [
            "object": .text(object), "record": record,
            "used-by": .list(edges.filter { $0["child"]?.text == name && kind == .node }),
            "uses": .list(edges.filter { $0["parent"]?.text == object }),
            "exports": JSONValue(texts: exportsAbove.map(\.name)),
        ]
    }

    private func rows(_ label: String, _ lines: [String]) -> String {
        lines.enumerated().map { place, line in
            (place == 0 ? label : "").padded(to: Self.labelCells) + line + "\n"
        }.joined()
    }

    private var head: String {
        guard kind == .node else {
            let type = record["type"]?.text ?? ""
            let listener = record["listener"]?.text ?? ""
            let threads = (record["threads"]?.list ?? []).compactMap(\.text)
            return "export \(name)   \(type) on \(listener)   "
                + (threads.count > 1 ? "threads " : "thread ") + threads.joined(separator: ", ")
        }
        var parts = ["node \(name)", "driver \(record["driver"]?.text ?? "")"]
        if let size = record["limits"]?["size"]?.integer { parts.append(OptionText.size(size)) }
        if record["limits"]?["read-only"]?.flag == true { parts.append("read-only") }
        let threads = (record["threads"]?.list ?? []).compactMap(\.text)
        if !threads.isEmpty { parts.append("on \(threads.joined(separator: ", "))") }
        return parts.joined(separator: "   ")
    }

    /// Exports from which the object is reached, each with the nodes on the way.
    private var exportsAbove: [(name: String, way: [String])] {
        guard kind == .node else { return [] }
        var parents: [String: [String]] = [:]
        for edge in edges {
            guard let child = edge["child"]?.text, let parent = edge["parent"]?.text else {
                continue
            }
            parents[child, default: []].append(parent)
        }
        var found: [(name: String, way: [String])] = []
        var isMet: Set<String> = []
        var walk = [(node: name, way: [String]())]
        while let (node, way) = walk.popLast() {
            for parent in parents[node] ?? [] where isMet.insert(parent).inserted {
                guard let (kind, above) = ObjectKind.split(parent) else { continue }
                if kind == .export {
                    found.append((above, way.reversed()))
                } else {
                    walk.append((above, way + [above]))
                }
            }
        }
        return found.sorted { $0.name < $1.name }
    }

    private var users: [String] {
        guard kind == .node else {
            let clients = self.clients(of: record)
            return [clients.isEmpty ? "no client is connected" : clients.joined(separator: ", ")]
        }
        let above = exportsAbove
        var lines = above.prefix(Self.usersMax).map { export in
            let way = export.way.isEmpty ? "" : " via \(export.way.joined(separator: ", "))"
            return "export \(export.name)\(clientWords(of: export.name))\(way)"
        }
        if above.count > lines.count { lines.append("and \(above.count - lines.count) more") }
        for edge in edges where edge["child"]?.text == name {
            let parent = edge["parent"]?.text ?? ""
            lines.append("\(parent)  \(masks(of: edge))")
        }
        return lines.isEmpty ? ["nobody"] : lines
    }

    private func clients(of export: JSONValue) -> [String] {
        (export["clients"]?.list ?? []).map { $0["peer"]?.text ?? $0["address"]?.text ?? "client" }
    }

    private func clientWords(of export: String) -> String {
        let record = graph["exports"]?.list?.first { $0["name"]?.text == export }
        let count = record.map { clients(of: $0).count } ?? 0
        return count == 0 ? "" : " (\(count) client\(count == 1 ? "" : "s"))"
    }

    private var uses: [String] {
        let below = edges.filter { $0["parent"]?.text == object }
        guard !below.isEmpty else { return ["no other node"] }
        return below.map { edge in
            let name = edge["name"]?.text ?? ""
            return "node/\(edge["child"]?.text ?? "")  "
                + (name == "root" ? "" : "\(name): \(edge["role"]?.text ?? ""), ") + masks(of: edge)
        }
    }

    private func masks(of edge: JSONValue) -> String {
        "uses \(edge["used"]?.text ?? ""), shares \(edge["shared"]?.text ?? "")"
    }

    private var options: [String] {
        let known =
            kind == .export
            ? Catalog.exportOptions
            : Catalog.nodeOptions
                + (record["driver"]?.text.flatMap(Catalog.driver)?.options ?? [])
        let set = (record["options"]?.members ?? []).filter { member in
            let option = known.first { $0.key == member.key }
            return option?.defaultValue?.json != member.value
        }.map { member -> String in
            if let value = member.value.integer,
                let kind = known.first(where: { $0.key == member.key })?.kind
            {
                return "\(member.key): \(OptionText.text(of: .integer(value), kind: kind))"
            }
            return "\(member.key): \(member.value.shownText)"
        }
        return set.isEmpty ? ["all as by default"] : set
    }

    private var removal: String {
        if record["options"]?["protect"]?.flag == true {
            return "refused: it is protected (E0601); sluice apply --allow-remove \(name)"
        }
        if kind == .export {
            let isRefused = record["options"]?["on-remove"]?.text ?? "refuse" == "refuse"
            return isRefused && !clients(of: record).isEmpty
                ? "refused while clients are connected (E0611)" : "possible"
        }
        let parents = edges.filter { $0["child"]?.text == name }.compactMap { $0["parent"]?.text }
        return parents.isEmpty
            ? "possible" : "only together with what uses it: \(parents.joined(separator: ", "))"
    }
}
