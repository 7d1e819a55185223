package import GraphModel

/// What a transaction shall do: the graph to become, and what the planner found about the way.
package struct GraphTransition: Sendable {
    /// The whole graph that is wished, checked.
    package let desired: ResolvedGraph
    /// Nodes that are opened anew though a node of their name is live.
    package let replacedNodes: Set<String>
    /// New names of live nodes that go on, by their new name.
    package let formerNames: [String: String]
    /// Exports that must hold no request when the graph is switched.
    package let drainedExports: Set<String>
    /// Directory that relative file names start from.
    package let baseDirectory: String
    /// Longest time for a drain, in nanoseconds.
    package let drainTimeoutNanoseconds: UInt64

    /// A transition.
    package init(
        desired: ResolvedGraph,
        replacedNodes: Set<String> = [],
        formerNames: [String: String] = [:],
        drainedExports: Set<String> = [],
        baseDirectory: String,
        drainTimeoutNanoseconds: UInt64 = 5_000_000_000
    ) {
        self.desired = desired
        self.replacedNodes = replacedNodes
        self.formerNames = formerNames
        self.drainedExports = drainedExports
        self.baseDirectory = baseDirectory
        self.drainTimeoutNanoseconds = drainTimeoutNanoseconds
    }
}
