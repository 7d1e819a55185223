/// What a node's driver knows when it says what it asks of a child.
package struct PermissionContext: Sendable {
    /// The node that asks.
    package let node: NodeDescription
    /// Name of the edge to the child.
    package let edge: String
    /// What the node's own parents use and share, together.
    package let demand: EdgeMasks
    /// Whether the node has a parent or an export at all.
    package let hasUsers: Bool

    /// Makes the facts of one edge.
    package init(node: NodeDescription, edge: String, demand: EdgeMasks, hasUsers: Bool) {
        self.node = node
        self.edge = edge
        self.demand = demand
        self.hasUsers = hasUsers
    }
}

/// What each role asks of a child, by the rules of "Semantics of the transactional block graph", 2.
package enum PermissionRules {
    /// What an export of type NBD shares when it does not say.
    package static let exportShares: Permissions = [.consistentRead, .write, .writeUnchanged]

    /// Masks of an edge by its role alone.
    ///
    /// - Parameters:
    ///   - role: What the child is to the parent.
    ///   - demand: What the parent's own parents use and share.
    ///   - isWritable: Whether the parent may write at all.
    /// - Returns: What the edge uses and shares.
    package static func masks(
        role: ChildRole,
        demand: EdgeMasks,
        isWritable: Bool
    ) -> EdgeMasks {
        if role.contains(.backing) { return backing(demand) }
        var masks = demand
        if role.contains(.metadata) {
            // A format may write its tables though no guest writes.
            if isWritable { masks.used.formUnion([.write, .resize]) }
            masks.used.insert(.consistentRead)
            masks.shared.subtract([.write, .resize])
        }
        if role.contains(.data) {
            // A format cannot do a write that changes nothing on its file, and grows it by writing.
            if masks.used.contains(.writeUnchanged) { masks.used.insert(.write) }
            if masks.used.contains(.write) { masks.used.insert(.resize) }
            masks.shared.remove(.resize)
        }
        return masks
    }

    private static func backing(_ demand: EdgeMasks) -> EdgeMasks {
        var shared: Permissions = [.consistentRead, .writeUnchanged]
        if demand.shared.contains(.write) { shared.formUnion([.write, .resize]) }
        return EdgeMasks(used: demand.used.intersection(.consistentRead), shared: shared)
    }

    /// Masks of an export's edge to its node.
    package static func masks(of export: ExportDescription) -> EdgeMasks {
        var shared = exportShares
        if let names = export.options.list("share") {
            shared = []
            for case .text(let name) in names {
                shared.formUnion(Permissions(name: name) ?? [])
            }
        }
        return EdgeMasks(
            used: export.isWritable ? [.consistentRead, .write] : .consistentRead,
            shared: shared
        )
    }
}
