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
    /// Longest time for what nodes do while no client waits for it, in nanoseconds: each request of a
    /// node that opens, and all of settling when no drained export goes on.
    package let settleTimeoutNanoseconds: UInt64

    /// A transition.
    package init(
        desired: ResolvedGraph,
        replacedNodes: Set<String> = [],
        formerNames: [String: String] = [:],
        drainedExports: Set<String> = [],
        baseDirectory: String,
        drainTimeoutNanoseconds: UInt64 = 5_000_000_000,
        settleTimeoutNanoseconds: UInt64 = GraphTransition.settleNanoseconds
    ) {
        self.desired = desired
        self.replacedNodes = replacedNodes
        self.formerNames = formerNames
        self.drainedExports = drainedExports
        self.baseDirectory = baseDirectory
        self.drainTimeoutNanoseconds = drainTimeoutNanoseconds
        self.settleTimeoutNanoseconds = max(settleTimeoutNanoseconds, drainTimeoutNanoseconds)
    }

    /// What settling takes at most where nobody says otherwise, in nanoseconds.
    package static let settleNanoseconds: UInt64 = 30_000_000_000
}
