/// A place for a child in a driver: its name, its role, and whether it must be filled.
package struct ChildSlot: Hashable, Sendable {
    /// How many children a slot takes.
    package enum Occupancy: Hashable, Sendable {
        /// Exactly one.
        case required
        /// One, or none: `null` or left out.
        case optional
        /// A list of at least so many.
        case list(countMin: Int)
    }

    /// The slot's name and, except for lists, the name of its edge.
    package let name: String
    /// What the child is to its parent.
    package let role: ChildRole
    /// How many children it takes.
    package let occupancy: Occupancy
    /// One sentence for the reference.
    package let summary: String
    /// The only driver that a child here may have; `nil` when any will do.
    package let driver: String?

    /// Describes a slot.
    package init(
        _ name: String,
        _ role: ChildRole,
        _ occupancy: Occupancy = .required,
        _ summary: String = "",
        driver: String? = nil
    ) {
        self.name = name
        self.role = role
        self.occupancy = occupancy
        self.summary = summary
        self.driver = driver
    }

    /// Whether it takes a list.
    package var isList: Bool {
        if case .list = occupancy { true } else { false }
    }

    /// Whether an edge of this name belongs to the slot.
    package func owns(edge: String) -> Bool {
        isList ? edge.hasPrefix(name + ".") : edge == name
    }
}
