extension GraphDescription {
    /// What a graph is called by: equal graphs have equal digests, whatever their files look like.
    ///
    /// Former names and slots that are said to be empty are no part of it: once a rename is done
    /// they mean nothing.
    package var digest: String { GraphDigest(of: self).text }
}

/// The digest of a graph, worked out from that of another one as far as they are the same.
///
/// ```
/// digest of the graph <- digests of 256 parts <- JSON of the objects, by kind and name
/// ```
/// An object's name says in which part it is. So a change of one object in a large graph costs a
/// walk over the graph and the digest of one part.
package struct GraphDigest: Sendable {
    /// `sha256:` and 64 hexadecimal digits.
    package let text: String
    /// The graph.
    package let graph: GraphDescription
    /// Digests of the parts, by number; empty where no object is.
    private let parts: [String]

    private static let partCount = 256

    /// Works out the digest of a graph.
    ///
    /// - Parameters:
    ///   - graph: The graph.
    ///   - last: The digest of a graph that may be much the same.
    package init(of graph: GraphDescription, after last: GraphDigest? = nil) {
        let isStale = Self.staleParts(of: graph, after: last)
        var members = [[Member]](repeating: [], count: Self.partCount)
        let collect = { (kind: ObjectKind, name: String) in
            let part = Self.part(of: name)
            if isStale[part] { members[part].append(Member(kind: kind, name: name)) }
        }
        for name in graph.ioThreads.keys { collect(.ioThread, name) }
        for name in graph.throttleGroups.keys { collect(.throttleGroup, name) }
        for name in graph.listeners.keys { collect(.listener, name) }
        for name in graph.nodes.keys { collect(.node, name) }
        for name in graph.exports.keys { collect(.export, name) }
        self.graph = graph
        parts = members.indices.map { number in
            isStale[number]
                ? Self.digest(of: members[number], in: graph) : last?.parts[number] ?? ""
        }
        var whole = GraphDescription.formatName
        for (number, digest) in parts.enumerated() where !digest.isEmpty {
            whole += "\n\(number) \(digest)"
        }
        text = Digest.text(of: Array(whole.utf8))
    }

    /// An object of a part.
    private struct Member: Comparable {
        let kind: ObjectKind
        let name: String

        static func < (left: Member, right: Member) -> Bool {
            (left.kind.number, left.name) < (right.kind.number, right.name)
        }
    }

    private static func digest(of members: [Member], in graph: GraphDescription) -> String {
        if members.isEmpty { return "" }
        var text = DigestText()
        for member in members.sorted() {
            text.put(quoted: member.kind.object(member.name))
            text.put(":")
            switch member.kind {
            case .ioThread: text.put(options: graph.ioThreads[member.name]?.options)
            case .throttleGroup: text.put(options: graph.throttleGroups[member.name]?.limits)
            case .listener: text.put(options: graph.listeners[member.name]?.options)
            case .node: graph.nodes[member.name].map { text.put($0) }
            case .export: graph.exports[member.name].map { text.put($0) }
            }
            text.put("\n")
        }
        return text.finish()
    }

    /// In which parts an object is not what it was.
    private static func staleParts(
        of graph: GraphDescription,
        after last: GraphDigest?
    ) -> [Bool] {
        guard let old = last?.graph else { return [Bool](repeating: true, count: partCount) }
        var isStale = [Bool](repeating: false, count: partCount)
        mark(&isStale, old.ioThreads, graph.ioThreads)
        mark(&isStale, old.throttleGroups, graph.throttleGroups)
        mark(&isStale, old.listeners, graph.listeners)
        let changes = graph.changes(since: old)
        mark(&isStale, old.nodes, graph.nodes, among: changes?.nodes)
        mark(&isStale, old.exports, graph.exports, among: changes?.exports)
        return isStale
    }

    private static func mark<Object: Equatable>(
        _ isStale: inout [Bool],
        _ old: [String: Object],
        _ new: [String: Object],
        among names: Set<String>? = nil
    ) {
        if let names {
            for name in names where old[name] != new[name] { isStale[part(of: name)] = true }
            return
        }
        var foundCount = 0
        for (name, object) in new {
            let was = old[name]
            if was != nil { foundCount += 1 }
            if was != object { isStale[part(of: name)] = true }
        }
        guard foundCount < old.count else { return }
        for name in old.keys where new[name] == nil { isStale[part(of: name)] = true }
    }

    /// The part of an object: FNV-1a of its name, folded.
    private static func part(of name: String) -> Int {
        var hash: UInt32 = 0x811c_9dc5
        for byte in name.utf8 { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        return Int((hash >> 16 ^ hash >> 8 ^ hash) & 0xff)
    }
}

/// Text on its way into a digest.
private struct DigestText {
    private var bytes: [UInt8] = []

    consuming func finish() -> String { Digest.text(of: bytes) }

    mutating func put(_ text: String) { bytes += text.utf8 }

    mutating func put(quoted text: String) { JSONValue.put(text, to: &bytes) }

    mutating func put(options: Options?) { options.map { put($0) } }

    mutating func put(_ node: NodeDescription) {
        put("{\"driver\":")
        put(quoted: node.driver)
        put(",\"options\":")
        put(node.options)
        put(",\"children\":[")
        for (place, child) in node.children.enumerated() {
            put(place == 0 ? "{\"edge\":" : ",{\"edge\":")
            put(quoted: child.edge)
            put(",\"node\":")
            put(quoted: child.node)
            put("}")
        }
        put("]}")
    }

    mutating func put(_ export: ExportDescription) {
        put("{\"type\":")
        put(quoted: export.type)
        put(",\"node\":")
        put(quoted: export.node)
        put(",\"listener\":")
        put(quoted: export.listener)
        put(",\"options\":")
        put(export.options)
        put("}")
    }

    private mutating func put(_ options: Options) {
        put("{")
        for (place, entry) in options.entries.enumerated() {
            if place > 0 { put(",") }
            put(quoted: entry.key)
            put(":")
            put(entry.value)
        }
        put("}")
    }

    private mutating func put(_ value: OptionValue) {
        switch value {
        case .text(let text): put(quoted: text)
        case .flag(let flag): put(flag ? "true" : "false")
        case .integer(let number): put(String(number))
        case .mapping(let options): put(options)
        case .fraction, .list: bytes += value.json.compactBytes
        }
    }
}
