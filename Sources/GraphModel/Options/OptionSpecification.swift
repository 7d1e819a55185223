/// What it costs to change an option of something that is live.
package enum ChangeCost: String, Hashable, Sendable {
    /// In place; requests notice nothing.
    case live
    /// In place, prepared and then committed while the exports above hold no request.
    case reopen
    /// A new object is opened beside the old one, parents move, the old one goes.
    case replace
}

/// All that others know of one option: parser, planner, help and reference are made from it.
package struct OptionSpecification: Hashable, Sendable {
    /// The option's key.
    package let key: String
    /// What its value may be.
    package let kind: OptionKind
    /// The value when a document says nothing.
    package let defaultValue: OptionValue?
    /// Whether a document has to say something.
    package let isRequired: Bool
    /// What a change of it costs.
    package let change: ChangeCost
    /// Whether a change of it touches no request at all, not even later ones.
    package let isSilent: Bool
    /// Whether something gets longer by a greater value, and does not get shorter again.
    package let grows: Bool
    /// One sentence for the reference.
    package let summary: String

    /// Describes an option.
    package init(
        _ key: String,
        _ kind: OptionKind,
        default defaultValue: OptionValue? = nil,
        isRequired: Bool = false,
        change: ChangeCost = .replace,
        isSilent: Bool = false,
        grows: Bool = false,
        _ summary: String = ""
    ) {
        self.key = key
        self.kind = kind
        self.defaultValue = defaultValue
        self.isRequired = isRequired
        self.change = change
        self.isSilent = isSilent
        self.grows = grows
        self.summary = summary
    }
}
