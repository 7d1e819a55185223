package import GraphModel

extension GraphPicture {
    /// A picture of one graph.
    package init(of graph: ResolvedGraph) {
        let description = graph.description
        let exports = description.exports.values.sorted { $0.name < $1.name }
        let nodes = description.nodes.values.sorted { $0.name < $1.name }
        self.init(
            boxes: exports.map { Box($0, action: nil, impact: nil) }
                + nodes.map { Box($0, action: nil) },
            lines: graph.edges.map { Line($0, change: .same) },
            remarks: [],
            isPlan: false,
            summary: Self.words(exports.count, "export") + ", " + Self.words(nodes.count, "node")
        )
    }

    /// A picture of what a plan does: the live graph and the wished one in one.
    ///
    /// - Parameters:
    ///   - plan: The plan from one to the other.
    ///   - live: What is live.
    ///   - desired: What is wished.
    package init(of plan: Plan, from live: ResolvedGraph, to desired: ResolvedGraph) {
        let actions = Dictionary(
            plan.actions.map { ($0.object, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        let impacts = Dictionary(
            plan.exports.map { ($0.name, $0.impact) },
            uniquingKeysWith: { first, _ in first }
        )
        var newNames: [String: String] = [:]
        for (new, former) in plan.formerNames { newNames[former] = new }
        var exports = desired.description.exports
        exports.merge(live.description.exports) { wished, _ in wished }
        var nodes = desired.description.nodes
        for (name, node) in live.description.nodes
        where nodes[name] == nil && newNames[name] == nil {
            nodes[name] = node
        }
        let exportBoxes = exports.values.sorted { $0.name < $1.name }.map { export in
            Box(
                export,
                action: actions[ObjectKind.export.object(export.name)],
                impact: impacts[export.name]
            )
        }
        let nodeBoxes = nodes.values.sorted { $0.name < $1.name }.map {
            Box($0, action: actions[ObjectKind.node.object($0.name)])
        }
        self.init(
            boxes: exportBoxes + nodeBoxes,
            lines: Self.lines(from: live.edges, to: desired.edges, newNames: newNames),
            remarks: plan.actions.compactMap { action in
                guard let (kind, _) = ObjectKind.split(action.object), kind != .node,
                    kind != .export
                else { return nil }
                return Remark(
                    object: action.object,
                    change: Change(action.kind),
                    notes: PictureWords.notes(of: action, driver: nil)
                )
            },
            isPlan: true,
            summary: plan.summary
        )
    }

    /// Lines of both graphs, those that stay drawn once.
    private static func lines(
        from live: [ResolvedEdge],
        to desired: [ResolvedEdge],
        newNames: [String: String]
    ) -> [Line] {
        struct Key: Hashable {
            let parent: String
            let edge: String
            let child: String
        }
        var before: [Key: ResolvedEdge] = [:]
        for edge in live {
            var parent = edge.parent
            if let (kind, name) = ObjectKind.split(parent), kind == .node {
                parent = kind.object(newNames[name] ?? name)
            }
            let child = newNames[edge.child] ?? edge.child
            before[Key(parent: parent, edge: edge.edge, child: child)] = edge
        }
        var lines: [Line] = []
        for edge in desired {
            let key = Key(parent: edge.parent, edge: edge.edge, child: edge.child)
            guard let former = before.removeValue(forKey: key) else {
                lines.append(Line(edge, change: .add))
                continue
            }
            let isSame = former.masks == edge.masks
            lines.append(
                Line(
                    edge,
                    formerMasks: isSame ? nil : former.masks,
                    change: isSame ? .same : .change
                )
            )
        }
        // What goes is in no order: a dictionary held it.
        let gone = before.map { key, edge in
            Line(edge, parent: key.parent, child: key.child, change: .remove)
        }
        return lines
            + gone.sorted { ($0.parent, $0.edge, $0.child) < ($1.parent, $1.edge, $1.child) }
    }

    static func words(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)\(count == 1 ? "" : "s")"
    }
}

extension GraphPicture.Box {
    fileprivate init(
        _ export: ExportDescription,
        action: ObjectAction?,
        impact: ExportImpact.Impact?
    ) {
        object = ObjectKind.export.object(export.name)
        name = export.name
        kind = export.type
        family = .export
        details = PictureWords.details(of: export)
        notes = PictureWords.notes(of: action, driver: nil)
        change = GraphPicture.Change(action?.kind)
        self.impact = impact?.rawValue ?? ""
        options = PictureWords.options(export.options, Catalog.exportOptions)
    }

    fileprivate init(_ node: NodeDescription, action: ObjectAction?) {
        let driver = Catalog.driver(node.driver)
        object = ObjectKind.node.object(node.name)
        name = node.name
        kind = node.driver
        family =
            driver.map { $0.isFilter ? .filter : $0.slots.isEmpty ? .source : .format } ?? .format
        details = PictureWords.details(of: node)
        notes = PictureWords.notes(of: action, driver: driver)
        change = GraphPicture.Change(action?.kind)
        impact = ""
        options = PictureWords.options(
            node.options,
            Catalog.nodeOptions + (driver?.options ?? [])
        )
    }
}

extension GraphPicture.Line {
    fileprivate init(
        _ edge: ResolvedEdge,
        parent: String? = nil,
        child: String? = nil,
        formerMasks: EdgeMasks? = nil,
        change: GraphPicture.Change
    ) {
        self.parent = parent ?? edge.parent
        self.edge = edge.edge
        self.child = ObjectKind.node.object(child ?? edge.child)
        role = edge.role.word
        masks = edge.masks
        self.formerMasks = formerMasks
        self.change = change
    }
}
