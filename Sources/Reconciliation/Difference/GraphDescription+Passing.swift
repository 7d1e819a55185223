import GraphModel

extension GraphDescription {
    /// How far down a backing is looked for; what is deeper counts as having one.
    private static let lookedAtMax = 64

    /// The child whose bytes a node shows, when the node can come and go while requests run.
    ///
    /// A filter that fills overlays is one of these as long as there is nothing to fill them from:
    /// a write that went past it could be overwritten by its copy of older bytes.
    func passedChild(of node: NodeDescription) -> String? {
        guard let driver = Catalog.driver(node.driver) else { return nil }
        if let child = driver.passedChild(of: node) { return child }
        guard driver.passesWithoutBacking, !hasBacking(below: node) else { return nil }
        return driver.primaryChild(of: node)
    }

    private func hasBacking(below node: NodeDescription) -> Bool {
        var seen: Set<String> = []
        var pending = [node]
        while let node = pending.popLast() {
            let driver = Catalog.driver(node.driver)
            for child in node.children where seen.insert(child.node).inserted {
                guard seen.count <= Self.lookedAtMax, let below = nodes[child.node] else {
                    return true
                }
                pending.append(below)
            }
            let isOverlay = node.children.contains {
                driver?.role(edge: $0.edge, of: node)?.contains(.backing) ?? true
            }
            if isOverlay { return true }
        }
        return false
    }
}
