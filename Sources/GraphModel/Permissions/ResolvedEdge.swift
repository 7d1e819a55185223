/// An edge of a graph with what it uses and shares.
package struct ResolvedEdge: Hashable, Sendable {
    /// Parent object, `node/x` or `export/e`.
    package let parent: String
    /// Name of the edge; `root` for exports.
    package let edge: String
    /// Name of the child node.
    package let child: String
    /// What the child is to its parent; empty for exports.
    package let role: ChildRole
    /// Rights used and shared.
    package let masks: EdgeMasks

    /// Makes an edge.
    package init(parent: String, edge: String, child: String, role: ChildRole, masks: EdgeMasks) {
        self.parent = parent
        self.edge = edge
        self.child = child
        self.role = role
        self.masks = masks
    }
}

/// One side of a conflict: a user of a node, and how it comes to it.
package struct PermissionHolder: Hashable, Sendable {
    /// Objects from an export, or the topmost node, down to the edge's parent.
    package let objects: [String]
    /// Name of the edge to the node; `root` for exports.
    package let edge: String
    /// What the edge uses and shares.
    package let masks: EdgeMasks

    /// The edge's parent.
    package var parent: String { objects.last ?? "" }
}

/// Two users of a node of whom one wants what the other does not share.
package struct PermissionConflict: Hashable, Sendable {
    /// Name of the node.
    package let node: String
    /// Rights that one wants and the other denies.
    package let bits: Permissions
    /// Who wants them.
    package let wants: PermissionHolder
    /// Who denies them.
    package let denies: PermissionHolder
}

/// A node that its users ask for something that it cannot do.
package struct GraphViolation: Hashable, Sendable {
    /// What it cannot do.
    package enum Reason: Hashable, Sendable {
        /// It is read-only and a user writes.
        case readOnly
        /// A user writes without resizing, and the size is not a multiple of the alignment.
        case unaligned(sizeBytes: Int64, alignmentBytes: Int64)
    }

    /// Name of the node.
    package let node: String
    /// What it cannot do.
    package let reason: Reason
    /// Who asks for it, from where the wish begins.
    package let user: PermissionHolder
}
