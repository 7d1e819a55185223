// Placeholder by core so that BlockGraph compiles; "lang" replaces this file (delete it freely).

/// An edge with its masks.
package struct ResolvedEdge: Hashable, Sendable {
    /// Parent object, `node/x` or `export/e`.
    package let parent: String
    /// Name of the edge.
    package let edge: String
    /// Name of the child node.
    package let child: String
    /// Rights used and shared.
    package let masks: EdgeMasks
}

/// A graph whose rights are computed.
package struct ResolvedGraph: Sendable {
    /// The graph.
    package var description = GraphDescription()
    /// Node names, children first.
    package var order: [String] = []
    /// Edges.
    package var edges: [ResolvedEdge] = []
    /// What all parents of a node use and share.
    package func cumulative(of name: String) -> EdgeMasks { .idle }
    /// Nothing.
    package static let empty = ResolvedGraph()
}
