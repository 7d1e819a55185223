import GraphModel

/// What one commit does to one loop's part of the graph; made by the control plane, sent once.
struct LoopChange: Sendable {
    /// A view that a loop does not have yet, or not with these edges.
    struct View: Sendable {
        let identity: NodeIdentity
        let node: any OpenNode
        /// Edge names and the nodes at their ends, in the order of the driver's slots.
        let edges: [(name: String, child: NodeIdentity)]
    }

    /// A kept view's edge that leads to another node, or to another view of it, from now on.
    struct Retarget: Sendable {
        let parent: NodeIdentity
        let edge: String
        let child: NodeIdentity
    }

    /// An export's way into the graph.
    struct Port: Sendable {
        let export: String
        let root: NodeIdentity
        let limits: BlockLimits
        let rights: Permissions
    }

    /// A port that a loop does not have yet.
    struct NewPort: Sendable {
        let port: Port
        let handler: any ExportHandler
        let counters: ExportCounters
    }

    /// A port that goes.
    struct LeavingPort: Sendable {
        let export: String
        let handler: any ExportHandler
    }

    /// Number of the commit.
    let generation: UInt64
    /// New views, children first.
    var views: [View] = []
    var retargets: [Retarget] = []
    /// Nodes whose options or descriptors changed.
    var changedOptions: [NodeIdentity] = []
    /// Nodes that leave.
    var removals: [NodeIdentity] = []
    var newPorts: [NewPort] = []
    /// Ports whose path is made anew.
    var switchedPorts: [Port] = []
    var leavingPorts: [LeavingPort] = []

    /// Whether there is nothing to do.
    var isEmpty: Bool {
        views.isEmpty && retargets.isEmpty && changedOptions.isEmpty && removals.isEmpty
            && newPorts.isEmpty && switchedPorts.isEmpty && leavingPorts.isEmpty
    }
}
