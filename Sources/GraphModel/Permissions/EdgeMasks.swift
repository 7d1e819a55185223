/// What one parent does with a node, and what it lets the node's other parents do.
package struct EdgeMasks: Hashable, Sendable, CustomStringConvertible {
    /// Rights that this parent uses.
    package var used: Permissions
    /// Rights that others may use at the same time.
    package var shared: Permissions

    /// Makes a pair of masks.
    package init(used: Permissions, shared: Permissions) {
        self.used = used
        self.shared = shared
    }

    /// Nothing used, everything shared.
    package static let idle = EdgeMasks(used: [], shared: .all)

    /// Short form, `RW/RWU`.
    package var description: String { "\(used)/\(shared)" }
}
