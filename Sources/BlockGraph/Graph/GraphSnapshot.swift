package import GraphModel

/// The live graph at one moment, for the control plane; reading it disturbs no loop.
package struct GraphSnapshot: Sendable {
    /// A node's state.
    package struct NodeState: Sendable {
        /// What it can take.
        package let limits: BlockLimits
        /// I/O threads on which it has a view; empty when no export reaches it.
        package let threads: [String]
    }

    /// An export's state; its counters go on counting.
    package struct ExportState: Sendable {
        /// Who serves it.
        package let handler: any ExportHandler
        /// What was answered through it.
        package let counters: ExportCounters
        /// The I/O thread on which it is served.
        package let thread: String
    }

    /// Number of the last commit; 0 before the first.
    package let generation: UInt64
    /// The graph with masks and placement.
    package let resolved: ResolvedGraph
    /// Nodes by name.
    package let nodes: [String: NodeState]
    /// Exports by key.
    package let exports: [String: ExportState]
}
