package import BlockGraph

/// `blkdebug`: makes a child slower, pickier or faulty, for tests of what stands above.
package struct BlkdebugDriverKind: BlockDriverKind {
    package let name = "blkdebug"

    /// The kind.
    package init() {}

    package func open(_ opening: DriverOpening) throws(GraphError) -> NodeOpening {
        NodeOpening(node: OpenBlkdebug(settings: try BlkdebugSettings(opening.node)))
    }
}
