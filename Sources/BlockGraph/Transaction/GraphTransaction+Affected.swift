import GraphModel

// What a transaction looks at.
extension GraphTransaction {
    /// Adds nodes below what is affected that have other limits than when they were looked at
    /// last, because a file grew, and everything above them.
    func addMoved() throws(GraphError) {
        var renewed = transition.replacedNodes.union(transition.formerNames.keys)
        while true {
            let moved = try movedNodes()
            if moved.isEmpty { return }
            renewed.formUnion(moved)
            affected = AffectedObjects(
                from: graph.resolved,
                to: transition.desired,
                renewed: renewed
            )
        }
    }

    /// Limits of a node's children, and of nodes that its options name, by edge and option.
    static func childLimits(
        of node: NodeDescription,
        in limits: (String) -> BlockLimits?
    ) -> [String: BlockLimits] {
        var found: [String: BlockLimits] = [:]
        for child in node.children { found[child.edge] = limits(child.node) }
        for option in Catalog.driver(node.driver)?.options ?? []
        where option.kind == .reference(.node) {
            guard let name = node.options.text(option.key) else { continue }
            found[option.key] = limits(name)
        }
        return found
    }

    /// Nodes that are not affected, stand below what is, and have other limits than it was noted.
    private func movedNodes() throws(GraphError) -> [String] {
        var seen = Set(affected.nodes)
        var pending = affected.exports.compactMap { desired.exports[$0]?.node }
        for name in affected.nodes { pending += desired.nodes[name]?.children.map(\.node) ?? [] }
        var moved: [String] = []
        while let name = pending.popLast() {
            guard seen.insert(name).inserted, let record = graph.records[name] else { continue }
            let children = Self.childLimits(of: record.description) { graph.records[$0]?.limits }
            if try record.node.limits(over: children) != record.limits { moved.append(name) }
            pending += record.description.children.map(\.node)
        }
        return moved
    }
}
