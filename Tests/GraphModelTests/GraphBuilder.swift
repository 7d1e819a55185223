import GraphModel

/// Makes graphs in a few words.
struct GraphBuilder {
    private(set) var description = GraphDescription()

    /// Adds a node: name, driver, children by edge, options.
    mutating func node(
        _ name: String,
        _ driver: String,
        _ children: KeyValuePairs<String, String> = [:],
        options: [(String, OptionValue)] = []
    ) {
        description.nodes[name] = NodeDescription(
            name: name,
            driver: driver,
            options: Options(options),
            children: children.map { ChildReference(edge: $0.key, node: $0.value) }
        )
    }

    /// Adds an export of a node.
    mutating func export(
        _ name: String,
        of node: String,
        isWritable: Bool = false,
        options: [(String, OptionValue)] = []
    ) {
        description.exports[name] = ExportDescription(
            name: name,
            type: "nbd",
            node: node,
            listener: "l",
            options: Options([("writable", .flag(isWritable))] + options)
        )
    }

    /// The masks of each edge: `parent edge child` to `used/shared`.
    var masks: [String: String] {
        Dictionary(
            uniqueKeysWithValues: ResolvedGraph(resolving: description).edges.map {
                ("\($0.parent) \($0.edge) \($0.child)", $0.masks.description)
            }
        )
    }
}
