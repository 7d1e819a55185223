/// A node's place on one loop: its driver's view and its edges.
final class Node {
    /// Which open node this is a view of.
    let identity: NodeIdentity
    /// The view.
    let driver: any BlockDriver
    /// Ways to the children.
    let edges: [Edge]

    init(identity: NodeIdentity, driver: any BlockDriver, edges: [Edge]) {
        self.identity = identity
        self.driver = driver
        self.edges = edges
    }
}

/// Number of an open node; never used twice while the daemon runs, unlike its name.
package struct NodeIdentity: Hashable, Sendable {
    /// The number.
    package let number: UInt64

    /// An identity.
    package init(number: UInt64) { self.number = number }
}
