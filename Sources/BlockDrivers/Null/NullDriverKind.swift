package import BlockGraph

/// `null-co`: a node that keeps nothing and answers at once, for measurements and first tests.
package struct NullDriverKind: BlockDriverKind {
    package let name = "null-co"

    /// The kind.
    package init() {}

    package func open(_ opening: DriverOpening) throws(GraphError) -> NodeOpening {
        NodeOpening(node: OpenNull(settings: NullSettings(opening.node)))
    }
}
