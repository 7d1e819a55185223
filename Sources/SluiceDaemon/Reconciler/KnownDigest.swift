internal import GraphModel

/// The digest that was worked out last, with its graph: what is live is asked for again and again.
struct KnownDigest: Sendable {
    private var graph = GraphDescription()
    private var text = GraphDescription().digest

    /// The digest of a graph; when it is the one that is known, nothing is worked out.
    mutating func digest(of graph: GraphDescription) -> String {
        // Comparing is free when both are the same value, and cheaper than a digest when not.
        if graph != self.graph { note(graph, graph.digest) }
        return text
    }

    /// Notes the digest of a graph.
    mutating func note(_ graph: GraphDescription, _ digest: String) {
        self.graph = graph
        text = digest
    }
}
