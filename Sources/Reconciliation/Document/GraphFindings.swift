import GraphModel

/// Findings about a whole graph: cycles, conflicts and nodes that cannot be written.
struct GraphFindings {
    /// Most edges of a cycle that are told with their places; most nodes of a way that are named.
    private static let cycleEdgesMax = 12

    private let graph: ResolvedGraph
    private let marks: GraphMarks

    init(graph: ResolvedGraph, marks: GraphMarks) {
        self.graph = graph
        self.marks = marks
    }

    /// All of them; after a cycle nothing else, since what is below one cannot be judged.
    var all: [Diagnostic] {
        let cycles = graph.knots.map(cycle)
        guard cycles.isEmpty else { return cycles }
        return graph.conflicts.map(conflict) + graph.violations.map(violation)
    }

    private func cycle(_ knot: GraphKnot) -> Diagnostic {
        let places = knot.edges.map { marks.mark(ObjectKind.node.object($0.parent), $0.edge) }
        let first = places.indices.min { left, right in
            guard let one = places[left], let other = places[right] else { return false }
            return one < other
        }
        let way = knot.cycle(from: first ?? 0)
        let shown =
            way.count > 12
            ? way.prefix(6).joined(separator: " -> ") + " -> ... -> "
                + way.suffix(3).joined(separator: " -> ") : way.joined(separator: " -> ")
        return Diagnostic(
            code: "E0305",
            message: "this reference closes a cycle: \(shown)",
            mark: first.flatMap { places[$0] },
            label: "leads back here",
            related: others(of: way, in: knot, places),
            help: ["a node cannot be below itself; let one of these refer to something else"]
        )
    }

    /// The cycle's edges but the first, each with its place.
    private func others(
        of way: [String],
        in knot: GraphKnot,
        _ places: [SourceMark?]
    ) -> [Diagnostic.Related] {
        zip(way, way.dropFirst()).dropFirst().prefix(Self.cycleEdgesMax).compactMap { pair in
            knot.edges.firstIndex { $0.parent == pair.0 && $0.child == pair.1 }.map {
                Diagnostic.Related(
                    message: "\(pair.0) refers to \(pair.1) here",
                    mark: places[$0]
                )
            }
        }
    }

    /// Where a holder's reference to the node stands.
    private func mark(_ holder: PermissionHolder) -> SourceMark? {
        marks.mark(holder.parent, holder.edge == "root" ? "node" : holder.edge)
    }

    private func conflict(_ conflict: PermissionConflict) -> Diagnostic {
        let wants = conflict.bits.names.joined(separator: ", ")
        let shares = conflict.denies.masks.shared.names.joined(separator: ", ")
        let holds = conflict.denies.masks.used.names.joined(separator: ", ")
        return Diagnostic(
            code: "E0412",
            message: "\(title(conflict.wants.parent)) may not \(verb(conflict.bits)) "
                + "node \(conflict.node)",
            mark: mark(conflict.wants),
            label: "wants: \(wants)",
            related: [
                Diagnostic.Related(
                    message: "\(title(conflict.denies.parent)) uses the same node and shares only: "
                        + (shares.isEmpty ? "nothing" : shares),
                    mark: mark(conflict.denies)
                )
            ],
            help: [
                "\(way(conflict.wants, conflict.node)) wants \(wants)",
                "\(way(conflict.denies, conflict.node)) "
                    + (holds.isEmpty ? "does not share it" : "holds \(holds)"),
                remedy(conflict),
            ]
        )
    }

    private func verb(_ bits: Permissions) -> String {
        switch bits {
        case .write: "write to"
        case .resize: "resize"
        case .consistentRead: "read"
        case [.write, .resize]: "write to and resize"
        default: "use (\(bits.names.joined(separator: ", ")))"
        }
    }

    private func title(_ object: String) -> String {
        guard let (kind, name) = ObjectKind.split(object) else { return object }
        return "\(kind.title) \(name)"
    }

    private func way(_ holder: PermissionHolder, _ node: String) -> String {
        let names = holder.objects.map { ObjectKind.split($0)?.name ?? $0 } + [node]
        guard names.count > Self.cycleEdgesMax else { return names.joined(separator: " -- ") }
        return (names.prefix(6) + ["..."] + names.suffix(3)).joined(separator: " -- ")
    }

    private func remedy(_ conflict: PermissionConflict) -> String {
        if conflict.bits == .write, conflict.wants.parent.hasPrefix("export/") {
            return
                "make the export read-only (writable: false), or export what stands above the node"
        }
        return "give one of them another node, or make it read-only"
    }

    private func violation(_ violation: GraphViolation) -> Diagnostic {
        let parent = violation.user.objects.first ?? ""
        let isExport = parent.hasPrefix("export/")
        let path = isExport ? "writable" : firstEdge(of: violation)
        let node = violation.node
        switch violation.reason {
        case .readOnly:
            return Diagnostic(
                code: "E0413",
                message: "\(title(parent)) writes to node \(node), which is read-only",
                mark: marks.mark(parent, path),
                label: "wants: write",
                related: [
                    Diagnostic.Related(
                        message: "node \(node) is read-only",
                        mark: marks.mark(ObjectKind.node.object(node), "read-only")
                    )
                ],
                help: [
                    (isExport
                        ? "write writable: false, or "
                        : canRest(parent, path) ? "write read-only: true here as well, or " : "")
                        + "let node \(node) be written"
                ]
            )
        case .unaligned(let size, let alignment):
            return Diagnostic(
                code: "E0414",
                message: "\(title(parent)) writes to node \(node) without resizing it, and its "
                    + "size (\(size)) is not a multiple of its request alignment (\(alignment))",
                mark: marks.mark(parent, path),
                label: "wants: write",
                related: [
                    Diagnostic.Related(
                        message: "node \(node) is declared here",
                        mark: marks.objects[ObjectKind.node.object(node)]
                    )
                ],
                help: ["make the size a multiple of \(alignment), or export it read-only"]
            )
        }
    }

    /// Whether a node that is read-only asks for no writes below: a format, not a filter.
    private func canRest(_ parent: String, _ edge: String) -> Bool {
        guard let name = ObjectKind.split(parent)?.name, let node = graph.description.nodes[name],
            !node.isReadOnly
        else { return false }
        return Catalog.driver(node.driver)?.role(edge: edge, of: node)?.contains(.metadata) ?? false
    }

    /// The edge by which the topmost user reaches down.
    private func firstEdge(of violation: GraphViolation) -> String {
        let objects = violation.user.objects
        guard objects.count > 1, let child = ObjectKind.split(objects[1])?.name,
            let parent = objects.first.flatMap({ ObjectKind.split($0)?.name })
        else { return violation.user.edge }
        return graph.description.nodes[parent]?.children.first { $0.node == child }?.edge ?? ""
    }
}
