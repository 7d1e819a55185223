/// What a child is to its parent: a set of role bits.
///
/// - SeeAlso: "Semantics of the transactional block graph", section 1.1.
package struct ChildRole: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Stores guest data.
    package static let data = ChildRole(rawValue: 1 << 0)
    /// Stores the format's own tables.
    package static let metadata = ChildRole(rawValue: 1 << 1)
    /// Shows exactly the parent's data.
    package static let filtered = ChildRole(rawValue: 1 << 2)
    /// Supplies data that the parent has not.
    package static let backing = ChildRole(rawValue: 1 << 3)
    /// The child that best says what the parent is.
    package static let primary = ChildRole(rawValue: 1 << 4)

    /// The file of a format.
    package static let image: ChildRole = [.data, .metadata, .primary]
    /// The one child of a filter.
    package static let filter: ChildRole = [.filtered, .primary]

    /// One word for JSON and the reference.
    package var word: String {
        if contains([.data, .metadata]) { return "image" }
        if contains(.filtered) { return "filtered" }
        if contains(.backing) { return "backing" }
        if contains(.metadata) { return "metadata" }
        return contains(.data) ? "data" : "root"
    }
}
