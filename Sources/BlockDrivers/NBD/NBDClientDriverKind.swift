package import BlockGraph

/// `nbd`: a disk that an NBD server serves.
package struct NBDClientDriverKind: BlockDriverKind {
    package let name = "nbd"

    /// The kind.
    package init() {}

    package func open(_ opening: DriverOpening) throws(GraphError) -> NodeOpening {
        NodeOpening(node: try OpenNBDClient(try NBDClientSettings(opening)))
    }
}
