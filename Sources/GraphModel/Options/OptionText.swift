/// Values of options as people write them: `64KiB`, `250ms`.
package enum OptionText {
    /// A value, by what it is for.
    package static func text(of value: OptionValue, kind: OptionKind) -> String {
        switch (value, kind) {
        case (.integer(let bytes), .size): size(bytes)
        case (.integer(let nanoseconds), .duration): duration(nanoseconds)
        case (.integer(let number), .errorNumber):
            ErrorNumber.named.first { $0.number == number }?.name ?? String(number)
        case (.integer(let mode), .fileMode): "0" + String(mode, radix: 8)
        case (.list(let values), .list(let element)), (.list(let values), .oneOrMore(let element)):
            "[" + values.map { text(of: $0, kind: element) }.joined(separator: ", ") + "]"
        case (_, .oneOrMore(let element)): text(of: value, kind: element)
        default: value.json.shownText
        }
    }

    /// A number of bytes in the largest unit that keeps it whole.
    package static func size(_ bytes: Int64) -> String {
        for (name, shift) in [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)]
        where bytes != 0 && bytes % (1 << shift) == 0 {
            return "\(bytes >> shift)\(name)"
        }
        return String(bytes)
    }

    /// A length of time in the largest unit that keeps it whole.
    package static func duration(_ nanoseconds: Int64) -> String {
        let units: [(name: String, length: Int64)] = [
            ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000),
        ]
        if nanoseconds == 0 { return "0s" }
        for unit in units where nanoseconds % unit.length == 0 {
            return "\(nanoseconds / unit.length)\(unit.name)"
        }
        return "\(nanoseconds)ns"
    }
}

extension JSONValue {
    /// The value for people: texts without quotes, nothing as a dash.
    package var shownText: String {
        switch self {
        case .null: "-"
        case .text(let text): text
        default: compactText
        }
    }
}
