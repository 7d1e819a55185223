import GraphModel
import Reconciliation

/// The answer of `validate` for programs.
struct GraphAnswer {
    private let configuration: Configuration
    private let fixes: FixList

    init(_ configuration: Configuration, fixes: FixList = FixList()) {
        self.configuration = configuration
        self.fixes = fixes
    }

    /// The answer as JSON.
    var json: JSONValue {
        [
            "format": "sluice.validate/1",
            "ok": .flag(configuration.verdict == .valid),
            "diagnostics": .list(configuration.diagnostics.map(\.json)),
            "omitted-diagnostics": .integer(Int64(configuration.omittedDiagnosticCount)),
            "conflicts": .list(
                (configuration.resolved?.conflicts ?? []).map {
                    $0.json(marks: configuration.marks, fixes: fixes)
                }
            ),
            "graph": configuration.resolved.map(Self.graph) ?? .null,
        ]
    }

    /// A graph with its masks and threads.
    static func graph(_ resolved: ResolvedGraph) -> JSONValue {
        let description = resolved.description
        return [
            "digest": .text(description.digest),
            "nodes": .list(
                description.nodes.values.sorted { $0.name < $1.name }.map { node in
                    [
                        "name": .text(node.name), "driver": .text(node.driver),
                        "options": node.options.json,
                        "children": .object(
                            node.children.map { JSONValue.Member($0.edge, .text($0.node)) }
                        ),
                        "masks": .text(resolved.cumulative(of: node.name).description),
                        "threads": JSONValue(texts: resolved.placement.threads(of: node.name)),
                    ]
                }
            ),
            "edges": .list(resolved.edges.map(edge)),
            "exports": .list(
                description.exports.values.sorted { $0.name < $1.name }.map { export in
                    [
                        "name": .text(export.name), "type": .text(export.type),
                        "node": .text(export.node), "listener": .text(export.listener),
                        "options": export.options.json,
                    ]
                }
            ),
        ]
    }

    private static func edge(_ edge: ResolvedEdge) -> JSONValue {
        [
            "parent": .text(edge.parent), "name": .text(edge.edge), "child": .text(edge.child),
            "role": .text(edge.role.word), "used": .text(edge.masks.used.description),
            "shared": .text(edge.masks.shared.description),
        ]
    }
}
