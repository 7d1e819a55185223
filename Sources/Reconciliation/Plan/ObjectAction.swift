package import GraphModel

/// What a plan does with one object.
package struct ObjectAction: Hashable, Sendable {
    /// Kinds of actions.
    package enum Kind: String, Hashable, Sendable {
        /// It is new.
        case add
        /// It goes on with other options or edges.
        case change
        /// It goes away.
        case remove
        /// A new one takes its place.
        case replace
        /// It goes on under another name.
        case rename
    }

    /// What it takes to take an action back.
    package enum Undo: String, Hashable, Sendable {
        /// Nothing: the opposite plan does it.
        case free
        /// New writes have to be merged into what lies below first.
        case mergeBack = "merge-back"
        /// It cannot be taken back.
        case oneWay = "one-way"
    }

    /// The object, `node/x`.
    package let object: String
    /// What is done.
    package let kind: Kind
    /// What changes, by path.
    package let fields: [FieldChange]
    /// The former name, for a rename.
    package let previous: String?
    /// What it takes to take it back.
    package let undo: Undo
    /// Where the files say so, or said so.
    package let source: SourceMark?

    /// The part of the action that its meaning depends on, as JSON.
    var meaning: [JSONValue.Member] {
        var members = [
            JSONValue.Member("object", .text(object)),
            JSONValue.Member("action", .text(kind.rawValue)),
        ]
        if let previous { members.append(JSONValue.Member("previous", .text(previous))) }
        members.append(JSONValue.Member("fields", .list(fields.map(\.json))))
        members.append(JSONValue.Member("undo", .text(undo.rawValue)))
        return members
    }

    /// The action as JSON.
    package var json: JSONValue {
        var members = meaning
        members.append(JSONValue.Member("reason", .text(reason)))
        if let source { members.append(JSONValue.Member("source", source.json)) }
        return .object(members)
    }

    /// Why it is done, in one word for programs.
    private var reason: String {
        switch kind {
        case .add: "declared"
        case .remove: "not-declared"
        case .rename: "formerly"
        case .replace: fields.contains { $0.path == "driver" } ? "driver-differs" : "cannot-change"
        case .change: "differs"
        }
    }
}
