/// Text of two or four bytes a character, as some editors save it.
package enum WideText {
    /// Whether a file's first bytes are those of UTF-16 or UTF-32, with or without a mark.
    static func isWide(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 2 else { return false }
        let (first, second) = (bytes[0], bytes[1])
        return (first == 0xFF && second == 0xFE) || (first == 0xFE && second == 0xFF)
            || (first == 0) != (second == 0)
    }

    /// The beginning of such a text as UTF-8, to be shown; `nil` for another one.
    package static func decoded(_ bytes: [UInt8]) -> [UInt8]? {
        guard isWide(bytes) else { return nil }
        let width =
            bytes.count >= 4 && bytes.prefix(4).count(where: { $0 == 0 }) >= 2
                && (bytes[0] == 0 && bytes[1] == 0 || bytes[2] == 0 && bytes[3] == 0) ? 4 : 2
        let isLittle = bytes[0] == 0xFF || bytes[0] != 0 && bytes[0] != 0xFE
        var units: [UInt32] = []
        var place = 0
        while place + width <= bytes.count, units.count < shownMax {
            let unit = bytes[place..<(place + width)]
            units.append(
                (isLittle ? Array(unit.reversed()) : Array(unit)).reduce(0) { $0 << 8 | UInt32($1) }
            )
            place += width
        }
        if units.first == 0xFEFF { units.removeFirst() }
        let text =
            width == 2
            ? String(decoding: units.map { UInt16(truncatingIfNeeded: $0) }, as: UTF16.self)
            : String(decoding: units, as: UTF32.self)
        return Array(text.utf8)
    }

    /// Most characters that are shown.
    private static let shownMax = 65_536
}
