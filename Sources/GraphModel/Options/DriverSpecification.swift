/// All that others know of a driver: parser, planner, resolver, help and reference follow from it.
///
/// A class, so that a million nodes can name their drivers without copying them.
package final class DriverSpecification: Sendable {
    /// Changes the masks that a role alone would give.
    package typealias Claim = @Sendable (EdgeMasks, PermissionContext) -> EdgeMasks
    /// Tells a node's size, when it is known without opening the node.
    package typealias Size = @Sendable (NodeDescription, Int64?) -> Int64?
    /// Tells the request alignment that a node asks for itself.
    package typealias Alignment = @Sendable (NodeDescription) -> Int64

    /// Finds faults between a node's options and children.
    package typealias Check = @Sendable (NodeDescription) -> [OptionFault]

    /// The driver's name in documents.
    package let name: String
    /// One sentence for the reference.
    package let summary: String
    /// Places for children, in order.
    package let slots: [ChildSlot]
    /// Options of its own.
    package let options: [OptionSpecification]
    /// Whether options of every node can change without opening the node anew.
    package let canReopen: Bool
    /// What the driver asks of a child beyond its role; `nil` when the role says it all.
    package let claim: Claim?
    /// The role of a slot when it depends on the node's options; `nil` when it never does.
    package let roleRule: (@Sendable (ChildSlot, NodeDescription) -> ChildRole)?
    /// Whether a node shows its filtered child's bytes and keeps nothing about them, so that it can
    /// be put in and taken out while requests run.
    package let passesThrough: @Sendable (NodeDescription) -> Bool
    /// Whether the same holds of every node of the driver that has no backing anywhere below it.
    package let passesWithoutBacking: Bool
    /// Size of a node in bytes when it is known without opening it; gets the primary child's size.
    package let size: Size?
    /// Request alignment in bytes that a node asks for itself.
    package let alignment: Alignment?
    /// Faults that no single option shows.
    package let check: Check?

    /// Describes a driver.
    package init(
        _ name: String,
        _ summary: String,
        slots: [ChildSlot] = [],
        options: [OptionSpecification] = [],
        canReopen: Bool = true,
        claim: Claim? = nil,
        roleRule: (@Sendable (ChildSlot, NodeDescription) -> ChildRole)? = nil,
        passesThrough: @escaping @Sendable (NodeDescription) -> Bool = { _ in false },
        passesWithoutBacking: Bool = false,
        size: Size? = nil,
        alignment: Alignment? = nil,
        check: Check? = nil
    ) {
        self.name = name
        self.summary = summary
        self.slots = slots
        self.options = options
        self.canReopen = canReopen
        self.claim = claim
        self.roleRule = roleRule
        self.passesThrough = passesThrough
        self.passesWithoutBacking = passesWithoutBacking
        self.size = size
        self.alignment = alignment
        self.check = check
    }

    /// Whether the driver shows its child's data and may only delay, count or refuse requests.
    package var isFilter: Bool { slots.contains { $0.role.contains(.filtered) } }

    /// The role of the child at an edge of a node.
    package func role(edge: String, of node: NodeDescription) -> ChildRole? {
        guard let slot = slots.first(where: { $0.owns(edge: edge) }) else { return nil }
        return roleRule?(slot, node) ?? slot.role
    }

    /// The child whose bytes a node shows, when the node passes requests through.
    package func passedChild(of node: NodeDescription) -> String? {
        passesThrough(node) ? primaryChild(of: node) : nil
    }

    /// The child that describes a node best; `nil` for a driver without one.
    package func primaryChild(of node: NodeDescription) -> String? {
        node.children.first { role(edge: $0.edge, of: node)?.contains(.primary) == true }?.node
    }
}

/// A fault between options of one object.
package struct OptionFault: Hashable, Sendable {
    /// Path of the option to point at; empty for the whole object.
    package let path: String
    /// What is wrong, as a clause after the object's name.
    package let message: String
    /// How to mend it.
    package let help: String

    /// Makes a fault.
    package init(_ path: String, _ message: String, help: String) {
        self.path = path
        self.message = message
        self.help = help
    }
}
