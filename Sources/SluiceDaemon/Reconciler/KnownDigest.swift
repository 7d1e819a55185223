internal import GraphModel

/// The digest that was worked out last, with its graph: what is live is asked for again and again.
struct KnownDigest: Sendable {
    /// What is known.
    private(set) var last = GraphDigest(of: GraphDescription())

    /// The digest of a graph; when it is the one that is known, nothing is worked out.
    mutating func digest(of graph: GraphDescription) -> String {
        // Comparing is free when both are the same value, and cheaper than a digest when not.
        if graph != last.graph { last = GraphDigest(of: graph, after: last) }
        return last.text
    }

    /// Notes a digest.
    mutating func note(_ digest: GraphDigest) { last = digest }
}
