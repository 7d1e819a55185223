package import BlockGraph
internal import GraphModel

/// `snapshot-access`: shows the point in time that a copy-before-write node keeps.
package struct SnapshotAccessDriverKind: BlockDriverKind {
    package let name = "snapshot-access"

    /// The kind.
    package init() {}

    package func open(_ opening: DriverOpening) throws(GraphError) -> NodeOpening {
        NodeOpening(node: OpenSnapshotAccess(name: opening.node.name))
    }
}
