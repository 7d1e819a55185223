/// A JSON value whose members keep the order in which they were put, so that output is stable.
package enum JSONValue: Hashable, Sendable {
    /// Nothing.
    case null
    /// A flag.
    case flag(Bool)
    /// A whole number.
    case integer(Int64)
    /// Any other number.
    case fraction(Double)
    /// Text.
    case text(String)
    /// Values in order.
    case list([JSONValue])
    /// Named values in order.
    case object([Member])

    /// One named value.
    package struct Member: Hashable, Sendable {
        /// The name.
        package let key: String
        /// The value.
        package let value: JSONValue

        /// Makes a member.
        package init(_ key: String, _ value: JSONValue) {
            self.key = key
            self.value = value
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .flag(value) }
    package init(arrayLiteral elements: JSONValue...) { self = .list(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }

    /// A list of texts.
    package init(texts: some Sequence<String>) { self = .list(texts.map { .text($0) }) }

    /// The value of a member; `nil` when this is no object or has no such member.
    package subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    /// The text, when it is one.
    package var text: String? { if case .text(let value) = self { value } else { nil } }

    /// The whole number, when it is one.
    package var integer: Int64? { if case .integer(let value) = self { value } else { nil } }

    /// The flag, when it is one.
    package var flag: Bool? { if case .flag(let value) = self { value } else { nil } }

    /// The list, when it is one.
    package var list: [JSONValue]? { if case .list(let value) = self { value } else { nil } }

    /// The members, when it is an object.
    package var members: [Member]? { if case .object(let value) = self { value } else { nil } }
}
