/// The tags of YAML's core schema: what they say is what the options know already.
enum CoreTag {
    /// `!!str`: the value is text, whatever it looks like.
    static let text = prefix + "str"
    /// `!`: the value is what its shape says; for a scalar, text.
    static let none = "!"

    private static let prefix = "tag:yaml.org,2002:"
    private static let scalars: Set<String> = ["str", "int", "float", "bool", "null"]

    /// Whether a value of a shape may have a tag.
    static func fits(_ tag: String, _ kind: EventStream.Kind) -> Bool {
        if tag == none { return true }
        guard tag.hasPrefix(prefix) else { return false }
        let word = String(tag.dropFirst(prefix.count))
        switch kind {
        case .scalar: return scalars.contains(word)
        case .sequenceStart: return word == "seq"
        case .mappingStart: return word == "map"
        default: return false
        }
    }

    /// Whether a tag is one of the core schema.
    static func isKnown(_ tag: String) -> Bool {
        guard tag.hasPrefix(prefix) else { return tag == none }
        let word = String(tag.dropFirst(prefix.count))
        return scalars.contains(word) || word == "seq" || word == "map"
    }

    /// A tag as people write it.
    static func shown(_ tag: String) -> String {
        tag.hasPrefix(prefix) ? "!!" + tag.dropFirst(prefix.count) : tag
    }
}
