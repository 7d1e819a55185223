package import GraphModel

/// What `sluice show -o json` said once, taken as live.
package struct LiveDump: Sendable {
    /// Name of the form.
    package static let formatName = "sluice.show/1"

    /// The graph.
    package let description: GraphDescription
    /// Number of its generation.
    package let generation: Int64
    /// Connected clients by export.
    package let clients: [String: Int]

    /// Whether bytes look like such a dump and not like a configuration.
    package static func looksDumped(_ bytes: [UInt8]) -> Bool {
        guard bytes.first(where: { $0 > 32 }) == UInt8(ascii: "{") else { return false }
        let start = String(decoding: bytes.prefix(256), as: UTF8.self)
        return start.contains("\"format\"") && start.contains("sluice.show/")
    }

    /// Reads a dump.
    ///
    /// - Parameter json: What was said.
    /// - Throws: ``GraphFormatError`` when it is no such thing.
    package init(json: JSONValue) throws(GraphFormatError) {
        guard json["format"]?.text == Self.formatName else {
            throw GraphFormatError(reason: "this is no dump of form \(Self.formatName)")
        }
        // The same graph in the form that graphs are saved in.
        let plain: JSONValue = [
            "format": .text(GraphDescription.formatName),
            "iothreads": json["iothreads"] ?? .object([]),
            "throttle-groups": json["throttle-groups"] ?? .object([]),
            "listeners": json["listeners"] ?? .object([]),
            "nodes": .object(try Self.members("nodes", of: json, Self.node)),
            "exports": .object(try Self.members("exports", of: json) { $0 }),
        ]
        description = try GraphDescription(json: plain)
        let dangling = description.danglingReferences
        guard dangling.isEmpty else {
            throw GraphFormatError(
                reason: "\(dangling[0].from) refers to \(dangling[0].to), which the dump has not"
            )
        }
        generation = json["generation"]?.integer ?? 0
        var clients: [String: Int] = [:]
        for export in json["exports"]?.list ?? [] {
            guard let name = export["name"]?.text, let list = export["clients"]?.list else {
                continue
            }
            clients[name] = list.count
        }
        self.clients = clients
    }

    private static func members(
        _ key: String,
        of json: JSONValue,
        _ form: (JSONValue) -> JSONValue
    ) throws(GraphFormatError) -> [JSONValue.Member] {
        guard let list = json[key]?.list else {
            throw GraphFormatError(reason: "a dump has a list \(key)")
        }
        var members: [JSONValue.Member] = []
        for value in list {
            guard let name = value["name"]?.text else {
                throw GraphFormatError(reason: "an entry of \(key) has no name")
            }
            members.append(.init(name, form(value)))
        }
        return members
    }

    private static func node(_ value: JSONValue) -> JSONValue {
        let children = (value["children"]?.members ?? []).map { child -> JSONValue in
            ["edge": .text(child.key), "node": child.value]
        }
        return [
            "driver": value["driver"] ?? .null, "options": value["options"] ?? .object([]),
            "children": .list(children),
        ]
    }
}
