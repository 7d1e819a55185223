package import BlockGraph

/// `preallocate`: has the file below take space in large steps.
package struct PreallocateDriverKind: BlockDriverKind {
    package let name = "preallocate"

    /// The kind.
    package init() {}

    package func open(_ opening: DriverOpening) throws(GraphError) -> NodeOpening {
        NodeOpening(node: OpenPreallocate(opening))
    }
}
