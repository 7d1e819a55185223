package import GraphModel

/// The live graph at one moment, for the control plane; reading it disturbs no loop.
package struct GraphSnapshot: Sendable {
    /// A node's state.
    package struct NodeState: Sendable {
        /// What it can take.
        package let limits: BlockLimits
        /// I/O threads on which it has a view; empty when no export reaches it.
        package let threads: [String]
        /// What grows under those limits, and the size that it had when they were made.
        let growing: (node: any OpenNode, sizeBytes: UInt64)?
        let node: any OpenNode

        /// What went wrong in it since it was opened, in a sentence.
        package var finding: String? { node.finding }

        /// Its size now, in bytes: a file may be longer than when it was opened.
        package var sizeBytes: UInt64 {
            guard let growing, let size = growing.node.reportedSizeBytes, size > growing.sizeBytes
            else { return limits.sizeBytes }
            return limits.sizeBytes + (size - growing.sizeBytes)
        }
    }

    /// An export's state; its counters go on counting.
    package struct ExportState: Sendable {
        /// Who serves it.
        package let handler: any ExportHandler
        /// What was answered through it, on each thread.
        package let tally: ExportTally
        /// The I/O threads on which it is served, sorted.
        package let threads: [String]
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
