import GraphModel

/// A node and everything below it, as a format reaches it before anything serves it.
final class AccessTree: Sendable {
    let record: LiveGraph.Record
    let children: [(edge: String, tree: AccessTree)]

    init(record: LiveGraph.Record, children: [(edge: String, tree: AccessTree)]) {
        self.record = record
        self.children = children
    }

    /// The child that a name of a node leads to.
    func child(named name: String) -> AccessTree? {
        let edge = record.description.children.first { $0.node == name }?.edge
        return children.first { $0.edge == edge }?.tree
    }
}

/// Trees of one state of the graph, each made once: a chain costs as many as it has layers.
final class AccessForest {
    private var trees: [String: AccessTree] = [:]
    /// In the order in which they were made, children before their parents.
    private var made: [AccessTree] = []

    deinit {
        trees = [:]
        // Parents first: what is deep would else be let go by calls that are as deep.
        while made.popLast() != nil {}
    }

    /// The tree of a node, when there is such a node.
    func tree(_ name: String, in records: (String) -> LiveGraph.Record?) -> AccessTree? {
        var walk = [(name: name, isReady: false)]
        // A graph has no cycles; a broken one is cut where it closes.
        var entered: Set<String> = []
        while let (top, isReady) = walk.popLast() {
            guard trees[top] == nil, let record = records(top) else { continue }
            let below = record.description.children
            if isReady {
                let children = below.compactMap { child in
                    trees[child.node].map { (child.edge, $0) }
                }
                let tree = AccessTree(record: record, children: children)
                trees[top] = tree
                made.append(tree)
            } else if entered.insert(top).inserted {
                walk.append((top, true))
                walk += below.map { ($0.node, false) }
            }
        }
        return trees[name]
    }
}
