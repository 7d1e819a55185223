import GraphModel
package import RingLoop

/// A node that is open: what all loops share of it, such as descriptors, locks and sizes.
///
/// Its functions are called by the control plane, one at a time, except ``makeDriver(in:)``,
/// which is called on a loop's thread, and ``reportedSizeBytes`` and ``finding``. None is called on
/// the data path.
package protocol OpenNode: AnyObject, Sendable {
    /// Limits of the node, given those of its children by edge name; when a change is prepared,
    /// as they will be.
    ///
    /// - Throws: ``GraphError`` when the node cannot stand over such children.
    func limits(over children: [String: BlockLimits]) throws(GraphError) -> BlockLimits

    /// Makes the view of one loop.
    func makeDriver(in context: DriverContext) -> any BlockDriver

    /// Prepares a change of options or of rights, without effect on requests.
    ///
    /// Locks are taken for the union of old and new rights.
    func prepare(_ opening: DriverOpening) throws(GraphError) -> any PreparedChange

    /// Says that the node leaves the graph if the transaction commits: what it holds (locks)
    /// does not stand against nodes that come. The change's commit does not close the node.
    func prepareRemoval() -> any PreparedChange

    /// Asked once when everything of the transaction is prepared; may refuse.
    func check() throws(GraphError)

    /// Whether the node, as prepared, keeps state that only one loop may touch, so that it can have
    /// a view on one loop only.
    var livesOnOneLoop: Bool { get }

    /// Size at this moment where it can grow under the node's limits, in bytes.
    var currentSizeBytes: UInt64? { get }

    /// The same for reports, at any time and on any thread; nothing where asking could wait.
    var reportedSizeBytes: UInt64? { get }

    /// What is wrong in it, or went wrong since it was opened, in a sentence; for reports, at any
    /// time and on any thread.
    var finding: String? { get }

    /// Makes a file that can grow as long as it was; called when a transaction is undone that had it
    /// grow, and while nobody else may write it.
    func shrink(toBytes sizeBytes: UInt64)

    /// Writes what only memory knows; called between drain and commit, while no request can reach
    /// the node, parents first. The node may go on serving afterwards.
    func settle(over access: ChildAccessPlan) throws(GraphError)

    /// Reads what must be fresh; called between drain and commit on nodes that come or were changed
    /// under a drain, children first, when everything that leaves has settled.
    func begin(over access: ChildAccessPlan) throws(GraphError)

    /// Closes it; the last request was answered. Errors are logged by the caller.
    ///
    /// - Returns: A sentence when something could not be closed or flushed properly.
    func close() -> String?
}

extension OpenNode {
    package var livesOnOneLoop: Bool { false }
    package var currentSizeBytes: UInt64? { nil }
    package var reportedSizeBytes: UInt64? { nil }
    package var finding: String? { nil }
    package func shrink(toBytes sizeBytes: UInt64) {}
    package func settle(over access: ChildAccessPlan) throws(GraphError) {}
    package func begin(over access: ChildAccessPlan) throws(GraphError) {}
}

/// What a node can become and need not: made by `prepare`, ended by one of its functions.
package protocol PreparedChange: AnyObject, Sendable {
    /// Makes the change; cannot fail.
    func commit()
    /// Forgets the change; everything is as before.
    func abort()
}

/// A change of nothing.
package final class NoChange: PreparedChange {
    /// Makes one.
    package init() {}
    package func commit() {}
    package func abort() {}
}

/// What a driver's view gets when it is made, on its loop's thread.
package struct DriverContext {
    /// The loop.
    package let loop: EventLoop
    /// Edges to the children, by edge name, in the order of the slots.
    package let edges: [Edge]

    /// A context.
    package init(loop: EventLoop, edges: [Edge]) {
        self.loop = loop
        self.edges = edges
    }

    /// The edge of a name.
    ///
    /// - Precondition: The driver's specification requires such a child.
    package func edge(_ name: String) -> Edge {
        guard let edge = edges.first(where: { $0.name == name }) else {
            preconditionFailure("no edge \(name)")
        }
        return edge
    }
}
