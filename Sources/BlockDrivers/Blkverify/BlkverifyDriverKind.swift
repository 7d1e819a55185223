package import BlockGraph

/// `blkverify`: compares what a disk reads with what one reads that is known to be right.
package struct BlkverifyDriverKind: BlockDriverKind {
    package let name = "blkverify"

    /// The kind.
    package init() {}

    package func open(_ opening: DriverOpening) throws(GraphError) -> NodeOpening {
        NodeOpening(node: OpenBlkverify(opening.node))
    }
}
