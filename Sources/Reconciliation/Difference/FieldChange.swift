package import GraphModel

/// One option or edge of an object that is to be another.
package struct FieldChange: Hashable, Sendable {
    /// How the change is made.
    package enum Mode: String, Hashable, Sendable {
        /// In place; requests go on.
        case inPlace = "in-place"
        /// In place, while the exports above hold no request.
        case reopen
        /// By opening a new object.
        case replace

        init(_ cost: ChangeCost) {
            switch cost {
            case .live: self = .inPlace
            case .reopen: self = .reopen
            case .replace: self = .replace
            }
        }
    }

    /// Path of the option, such as `cache.direct`, or name of the edge.
    package let path: String
    /// What is live; `nil` when nothing is.
    package let before: JSONValue?
    /// What is wished; `nil` when nothing is.
    package let after: JSONValue?
    /// How the change is made.
    package let mode: Mode
    /// Whether no request can notice it, not even later ones.
    package let isSilent: Bool

    /// The change as JSON.
    package var json: JSONValue {
        [
            "path": .text(path), "before": before ?? .null, "after": after ?? .null,
            "mode": .text(mode.rawValue),
        ]
    }
}
