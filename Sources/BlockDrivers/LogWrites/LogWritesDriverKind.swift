package import BlockGraph

/// `log-writes`: keeps a log of every write, to replay a disk up to any moment.
package struct LogWritesDriverKind: BlockDriverKind {
    package let name = "log-writes"

    /// The kind.
    package init() {}

    package func open(_ opening: DriverOpening) throws(GraphError) -> NodeOpening {
        NodeOpening(node: try OpenLogWrites(opening))
    }
}
