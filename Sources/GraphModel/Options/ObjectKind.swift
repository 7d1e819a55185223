/// A section of a configuration, and the kind of objects in it.
package enum ObjectKind: String, CaseIterable, Hashable, Sendable {
    case ioThread = "iothread"
    case throttleGroup = "throttle-group"
    case listener = "listener"
    case node = "node"
    case export = "export"

    /// The section's key in a document.
    package var section: String { rawValue + "s" }

    /// What people call one object.
    package var title: String {
        switch self {
        case .ioThread: "I/O thread"
        case .throttleGroup: "throttle group"
        default: rawValue
        }
    }

    /// What people call any one object.
    package var titleWithArticle: String {
        (self == .ioThread || self == .export ? "an " : "a ") + title
    }

    /// The kind's place among all kinds.
    package var number: Int {
        switch self {
        case .ioThread: 0
        case .throttleGroup: 1
        case .listener: 2
        case .node: 3
        case .export: 4
        }
    }

    /// The name of an object in JSON and in marks: `node/NAME`.
    package func object(_ name: String) -> String { "\(rawValue)/\(name)" }

    /// Splits an object's name in JSON into its kind and its own name.
    package static func split(_ object: String) -> (kind: ObjectKind, name: String)? {
        guard let slash = object.firstIndex(of: "/"),
            let kind = ObjectKind(rawValue: String(object[..<slash]))
        else { return nil }
        return (kind, String(object[object.index(after: slash)...]))
    }
}
