package import BlockGraph

/// `copy-on-read`: keeps in an overlay what was read from its backing.
package struct CopyOnReadDriverKind: BlockDriverKind {
    package let name = "copy-on-read"

    /// The kind.
    package init() {}

    package func open(_ opening: DriverOpening) throws(GraphError) -> NodeOpening {
        NodeOpening(node: OpenCopyOnRead(opening.node))
    }
}
