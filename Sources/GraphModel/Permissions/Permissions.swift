/// What one user of a node does to it, or lets others do: a set of four rights.
///
/// - SeeAlso: "Semantics of the transactional block graph", section 1.2; the numbers are those of
///   QEMU's lock bytes.
package struct Permissions: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// R: the view is complete and consistent.
    package static let consistentRead = Permissions(rawValue: 1 << 0)
    /// W: visible contents may change.
    package static let write = Permissions(rawValue: 1 << 1)
    /// U: writes that leave visible contents as they are.
    package static let writeUnchanged = Permissions(rawValue: 1 << 2)
    /// S: the size may change.
    package static let resize = Permissions(rawValue: 1 << 3)

    /// All four.
    package static let all: Permissions = [.consistentRead, .write, .writeUnchanged, .resize]
}

extension Permissions: CustomStringConvertible {
    /// Each right with its letter and its name in documents, in the order R, W, U, S.
    package static let named: [(right: Permissions, letter: Character, name: String)] = [
        (.consistentRead, "R", "consistent-read"), (.write, "W", "write"),
        (.writeUnchanged, "U", "write-unchanged"), (.resize, "S", "resize"),
    ]

    /// Short form: `RWUS`, `R`, `-` for none.
    package var description: String {
        isEmpty ? "-" : String(Self.named.filter { contains($0.right) }.map(\.letter))
    }

    /// Names as documents spell them, in the order R, W, U, S.
    package var names: [String] {
        Self.named.filter { contains($0.right) }.map(\.name)
    }

    /// The right with a document's name for it, such as `write-unchanged`.
    package init?(name: String) {
        guard let entry = Self.named.first(where: { $0.name == name }) else { return nil }
        self = entry.right
    }
}
