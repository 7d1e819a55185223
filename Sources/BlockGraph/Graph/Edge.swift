/// One parent's way to a child on one loop: the only cell that a commit rewrites.
///
/// Confined to its loop's thread. The graph of the loop keeps every node alive until the last
/// request that could hold it was answered, therefore the target is not retained.
package final class Edge {
    /// Name of the edge: `file`, `backing`, `children.0`, `root`.
    package let name: String
    private(set) var target: Unmanaged<Node>

    init(name: String, target: Node) {
        self.name = name
        self.target = .passUnretained(target)
    }

    /// Hands a request to the child.
    @inline(__always)
    package func submit(_ request: BlockRequest) -> BlockStatus {
        target._withUnsafeGuaranteedRef { $0.driver.submit(request) }
    }

    /// Whether the child takes payloads in pipes.
    package var movesPages: Bool {
        target._withUnsafeGuaranteedRef { $0.driver.movesPages }
    }

    /// Whether the child lends pages.
    package var lendsPages: Bool {
        target._withUnsafeGuaranteedRef { $0.driver.lendsPages }
    }

    /// Which node is at the end.
    var targetIdentity: NodeIdentity { target._withUnsafeGuaranteedRef { $0.identity } }

    /// The node at the end; kept alive by the loop's graph, not by the edge.
    var targetNode: Node { target._withUnsafeGuaranteedRef { $0 } }

    func retarget(_ node: Node) { target = .passUnretained(node) }
}
