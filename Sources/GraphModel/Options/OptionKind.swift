/// What an option's value may be.
package indirect enum OptionKind: Hashable, Sendable {
    /// Any text, kept exactly as written.
    case text
    /// The name of an object of another section.
    case reference(ObjectKind)
    /// A whole number within bounds.
    case integer(ClosedRange<Int64>)
    /// Permission bits of a file, written in octal digits.
    case fileMode
    /// A number of bytes: `512`, `64KiB`, `20GiB`.
    case size(ClosedRange<Int64>)
    /// A length of time, kept in nanoseconds: `250ms`, `2s`.
    case duration(ClosedRange<Int64>)
    /// A number that need not be whole.
    case fraction(ClosedRange<Double>)
    /// `true` or `false`.
    case flag
    /// One of some words.
    case choice([String])
    /// A Linux error number, by name or number.
    case errorNumber
    /// Values of one kind, in order.
    case list(OptionKind)
    /// A value of one kind, or a set of them written as a list.
    case oneOrMore(OptionKind)
    /// Named values.
    case mapping([OptionSpecification])
    /// `true`, or named values: something is wished, perhaps with details.
    case flagOrMapping([OptionSpecification])
    /// Named values whose set is chosen by the word at a key.
    case variant(key: String, cases: [OptionVariant])
}

/// One shape of a ``OptionKind/variant(key:cases:)``.
package struct OptionVariant: Hashable, Sendable {
    /// The word that chooses it.
    package let word: String
    /// Its options.
    package let options: [OptionSpecification]

    /// Makes a shape.
    package init(_ word: String, _ options: [OptionSpecification]) {
        self.word = word
        self.options = options
    }
}

extension OptionKind {
    /// Whole numbers from 0 up to the greatest that fits.
    package static let count = OptionKind.integer(0...Int64.max)
    /// Any number of bytes.
    package static let bytes = OptionKind.size(0...Int64.max)
    /// Any length of time.
    package static let time = OptionKind.duration(0...Int64.max)
    /// A list of the four permissions, by name.
    package static let permissions = OptionKind.list(.choice(Permissions.all.names))

    /// What is expected, as a noun with its article, for messages and the reference.
    package var expectation: String {
        switch self {
        case .text: "a text"
        case .reference(let kind): "the name of \(kind.titleWithArticle)"
        case .integer(let range):
            range.upperBound == .max
                ? (range.lowerBound == 0
                    ? "a whole number" : "a whole number from \(range.lowerBound)")
                : "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .fileMode: "permission bits such as 0660"
        case .size: "a size such as 512, 64KiB or 20GiB"
        case .duration: "a duration such as 250ms, 2s or 5m"
        case .fraction(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
        case .flag: "true or false"
        case .choice(let words):
            words.count == 1 ? words[0] : "one of " + words.joined(separator: ", ")
        case .errorNumber: "an error such as EIO, or its number"
        case .list(let kind): "a list, each \(kind.expectation)"
        case .oneOrMore(let kind): "\(kind.expectation), or a list of such"
        case .mapping(let options): "a mapping with " + Self.keys(options)
        case .flagOrMapping(let options): "true, or a mapping with " + Self.keys(options)
        case .variant(let key, let cases):
            "a mapping with \(key): " + cases.map(\.word).joined(separator: " or ")
        }
    }

    private static func keys(_ options: [OptionSpecification]) -> String {
        options.map(\.key).joined(separator: ", ")
    }
}
