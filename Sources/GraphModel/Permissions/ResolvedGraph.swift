/// A graph whose permissions, order and placement are computed, and whatever forbids it.
///
/// Made once from a description and then only read. A graph may be served when it ``isLegal``.
package struct ResolvedGraph: Sendable {
    /// The graph.
    package let description: GraphDescription
    /// Node names, children before their parents; nodes on or below a cycle are missing.
    package let order: [String]
    /// Pairs of users that do not go together.
    package let conflicts: [PermissionConflict]
    /// Conflicts beyond the limit of what is listed.
    package let omittedConflictCount: Int
    /// Nodes that are asked for what they cannot do.
    package let violations: [GraphViolation]
    /// Threads on which each node is needed.
    package let placement: GraphPlacement

    let index: GraphIndex
    /// Numbers of nodes in their ``order``.
    let childrenFirst: [Int32]
    let edgeMasks: [EdgeMasks]
    let cumulativeMasks: [EdgeMasks]

    /// Computes everything about a graph.
    ///
    /// - Complexity: O(nodes + edges), besides sorting names.
    package init(resolving description: GraphDescription) {
        self.init(description, GraphIndex(description))
    }

    /// Computes everything about a graph whose numbers are known.
    ///
    /// - Parameters:
    ///   - description: The graph.
    ///   - numbered: The same graph by numbers.
    package init(resolving description: GraphDescription, numbered: NumberedGraph) {
        self.init(description, GraphIndex(numbered))
    }

    private init(_ description: GraphDescription, _ index: GraphIndex) {
        let parentsFirst = index.parentsFirst()
        var resolver = PermissionResolver(index: index, order: parentsFirst)
        resolver.run()
        self.description = description
        self.index = index
        let names = index.names
        childrenFirst = parentsFirst.reversed()
        order = childrenFirst.map { names[Int($0)] }
        edgeMasks = resolver.edgeMasks
        cumulativeMasks = resolver.cumulative
        conflicts = resolver.conflicts
        omittedConflictCount = resolver.omittedConflictCount
        violations = resolver.violations
        placement = GraphPlacement(index: index, order: parentsFirst)
    }

    /// The graph without anything.
    package static let empty = ResolvedGraph(resolving: GraphDescription())

    /// Whether the rules of permissions and the absence of cycles allow this graph.
    package var isLegal: Bool {
        conflicts.isEmpty && violations.isEmpty && order.count == description.nodes.count
    }

    /// What all parents of a node together use and share; idle for an unknown node.
    package func cumulative(of node: String) -> EdgeMasks {
        index.number(of: node).map { cumulativeMasks[$0] } ?? .idle
    }

    /// All edges: those of nodes by name, then those of exports by name.
    package var edges: [ResolvedEdge] {
        index.edges.enumerated().map { place, edge in
            ResolvedEdge(
                parent: index.parentObject(of: edge),
                edge: index.name(of: edge),
                child: index.names[Int(edge.child)],
                role: edge.role,
                masks: edgeMasks[place]
            )
        }
    }

    /// Cycles: for each group of nodes that reach each other, its edges.
    package var knots: [GraphKnot] {
        guard order.count != description.nodes.count else { return [] }
        let reached = order.compactMap { index.number(of: $0).map { Int32($0) } }
        return index.knots(outside: reached).map { GraphKnot(index: index, members: $0) }
    }
}

/// Nodes that reach each other, so that none can be first.
package struct GraphKnot: Sendable {
    private let index: GraphIndex
    private let members: Set<Int32>
    /// Edges between the nodes: parent, edge name and child.
    package let edges: [(parent: String, edge: String, child: String)]
    private let indexEdges: [GraphIndex.Edge]

    init(index: GraphIndex, members: [Int32]) {
        self.index = index
        self.members = Set(members)
        var found: [GraphIndex.Edge] = []
        for member in members {
            for place in index.children(of: Int(member))
            where self.members.contains(index.edges[place].child) {
                found.append(index.edges[place])
            }
        }
        indexEdges = found
        edges = found.map {
            (index.names[Int($0.parent)], index.name(of: $0), index.names[Int($0.child)])
        }
    }

    /// Names of nodes along a cycle that begins with one of ``edges``, back to the first.
    package func cycle(from place: Int) -> [String] {
        index.cycle(through: indexEdges[place], in: members).map { index.names[Int($0)] }
    }
}
