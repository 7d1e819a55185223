/// A node as a value: driver, effective options and children.
///
/// Options are *effective*: every default of the driver's specification is filled in, so that two
/// descriptions that mean the same are equal. Places in documents are kept apart, in
/// ``GraphMarks``, so that moving a line is no change.
///
/// Copies share what they say until one of them is changed: a graph of a million nodes is walked
/// and compared without touching what each node holds.
package struct NodeDescription: Sendable {
    /// What a node says.
    // Not checked: it is changed only by a description that holds it alone.
    private final class Contents: @unchecked Sendable {
        var name: String
        var driver: String
        var options: Options
        var children: [ChildReference]
        var emptySlots: [String] = []
        var formerly: String?

        init(
            _ name: String,
            _ driver: String,
            _ options: Options,
            _ children: [ChildReference],
            _ formerly: String?
        ) {
            self.name = name
            self.driver = driver
            self.options = options
            self.children = children
            self.formerly = formerly
        }

        convenience init(copying other: Contents) {
            self.init(other.name, other.driver, other.options, other.children, other.formerly)
            emptySlots = other.emptySlots
        }
    }

    private var contents: Contents

    /// Makes a node.
    package init(
        name: String,
        driver: String,
        options: Options = Options(),
        children: [ChildReference] = [],
        formerly: String? = nil
    ) {
        contents = Contents(name, driver, options, children, formerly)
    }

    /// Unique name.
    package var name: String {
        get { contents.name }
        set { owned().name = newValue }
    }

    /// Name of the driver, such as `file`.
    package var driver: String {
        get { contents.driver }
        set { owned().driver = newValue }
    }

    /// Effective options: those of every node and those of the driver.
    package var options: Options {
        get { contents.options }
        set { owned().options = newValue }
    }

    /// Children, in the order of the driver's slots.
    package var children: [ChildReference] {
        get { contents.children }
        set { owned().children = newValue }
    }

    /// Slots that the document sets to `null`: said to be empty, not forgotten.
    package var emptySlots: [String] {
        get { contents.emptySlots }
        set { owned().emptySlots = newValue }
    }

    /// Former name given by `formerly`, for the planner only.
    package var formerly: String? {
        get { contents.formerly }
        set { owned().formerly = newValue }
    }

    /// Whether the configuration forbids writing through this node.
    package var isReadOnly: Bool { options.flag("read-only") ?? false }

    /// The child at an edge, by the edge's name.
    package func child(_ edge: String) -> String? { children.first { $0.edge == edge }?.node }

    /// What this description alone holds.
    private mutating func owned() -> Contents {
        if !isKnownUniquelyReferenced(&contents) { contents = Contents(copying: contents) }
        return contents
    }
}

extension NodeDescription: Hashable {
    /// Whether two nodes say the same; free when one is a copy of the other.
    package static func == (left: NodeDescription, right: NodeDescription) -> Bool {
        let (one, other) = (left.contents, right.contents)
        if one === other { return true }
        return one.name == other.name && one.driver == other.driver
            && one.children == other.children && one.options == other.options
            && one.emptySlots == other.emptySlots && one.formerly == other.formerly
    }

    /// Hashes what a node says.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(contents.name)
        hasher.combine(contents.driver)
        hasher.combine(contents.options)
        hasher.combine(contents.children)
        hasher.combine(contents.emptySlots)
        hasher.combine(contents.formerly)
    }
}
