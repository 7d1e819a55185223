package import BlockGraph

/// `quorum`: several copies of one disk, of which most have to agree.
package struct QuorumDriverKind: BlockDriverKind {
    package let name = "quorum"

    /// The kind.
    package init() {}

    package func open(_ opening: DriverOpening) throws(GraphError) -> NodeOpening {
        NodeOpening(node: OpenQuorum(opening.node))
    }
}
