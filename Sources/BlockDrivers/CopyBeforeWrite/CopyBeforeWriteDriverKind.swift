package import BlockGraph

/// `copy-before-write`: keeps a point in time readable while the disk is written.
package struct CopyBeforeWriteDriverKind: BlockDriverKind {
    package let name = "copy-before-write"

    /// The kind.
    package init() {}

    package func open(_ opening: DriverOpening) throws(GraphError) -> NodeOpening {
        NodeOpening(node: try OpenCopyBeforeWrite(opening))
    }
}
