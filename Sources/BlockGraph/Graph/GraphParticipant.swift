package import GraphModel

/// Something outside nodes and exports that changes with a graph, such as throttle groups.
package protocol GraphParticipant: AnyObject, Sendable {
    /// Prepares for a graph; what is new can be found by nodes that open from now on.
    func prepare(
        live: GraphDescription,
        desired: GraphDescription
    ) throws(GraphError) -> any PreparedChange
}
