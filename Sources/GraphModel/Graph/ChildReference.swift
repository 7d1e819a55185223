/// A parent's wish to use a node: the name of the edge and the name of the child.
package struct ChildReference: Hashable, Sendable {
    /// Name of the edge: the slot's name, or `children.0` for members of a list.
    package let edge: String
    /// Name of the child node.
    package var node: String

    /// Makes a reference.
    package init(edge: String, node: String) {
        self.edge = edge
        self.node = node
    }
}
