/// A node as a value: driver, effective options and children.
///
/// Options are *effective*: every default of the driver's specification is filled in, so that two
/// descriptions that mean the same are equal. Places in documents are kept apart, in
/// ``GraphMarks``, so that moving a line is no change.
package struct NodeDescription: Hashable, Sendable {
    /// Unique name.
    package var name: String
    /// Name of the driver, such as `file`.
    package var driver: String
    /// Effective options: those of every node and those of the driver.
    package var options: Options
    /// Children, in the order of the driver's slots.
    package var children: [ChildReference]
    /// Slots that the document sets to `null`: said to be empty, not forgotten.
    package var emptySlots: [String] = []
    /// Former name given by `formerly`, for the planner only.
    package var formerly: String?

    /// Makes a node.
    package init(
        name: String,
        driver: String,
        options: Options = Options(),
        children: [ChildReference] = [],
        formerly: String? = nil
    ) {
        self.name = name
        self.driver = driver
        self.options = options
        self.children = children
        self.formerly = formerly
    }

    /// Whether the configuration forbids writing through this node.
    package var isReadOnly: Bool { options.flag("read-only") ?? false }

    /// The child at an edge, by the edge's name.
    package func child(_ edge: String) -> String? { children.first { $0.edge == edge }?.node }
}
