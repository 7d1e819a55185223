package import BlockGraph

/// `raw`: the bytes of a child as they are, or a window of them.
package struct RawDriverKind: BlockDriverKind {
    package let name = "raw"

    /// The kind.
    package init() {}

    package func open(_ opening: DriverOpening) throws(GraphError) -> NodeOpening {
        NodeOpening(node: OpenRaw(window: RawWindow(opening.node)))
    }
}
