package import BlockGraph

/// `compress`: has the format below pack what is written.
package struct CompressDriverKind: BlockDriverKind {
    package let name = "compress"

    /// The kind.
    package init() {}

    package func open(_ opening: DriverOpening) throws(GraphError) -> NodeOpening {
        NodeOpening(node: OpenCompress(opening.node))
    }
}
