/// The spelling of names: a letter, then letters, digits, `-`, `_` and `.`.
package enum ObjectName {
    /// Longest name, in bytes.
    package static let lengthBytesMax = 127

    /// What is wrong with a name, as a clause; `nil` when nothing is.
    package static func fault(in name: String) -> String? {
        if isPlain(name) { return nil }
        guard let first = name.unicodeScalars.first else { return "is empty" }
        let lengthBytes = name.utf8.count
        if lengthBytes > lengthBytesMax {
            return "is \(lengthBytes) bytes long; at most \(lengthBytesMax) are allowed"
        }
        if !isLetter(first) { return "does not begin with a letter" }
        if name.unicodeScalars.allSatisfy(isAllowed) { return nil }
        return "has a character other than letters, digits, - _ and ."
    }

    /// Whether a name is a good one of ASCII letters, as nearly all are.
    private static func isPlain(_ name: String) -> Bool {
        var count = 0
        for byte in name.utf8 {
            let isLetter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7A
            let isOther =
                (byte >= 0x30 && byte <= 0x39) || byte == 0x2D || byte == 0x2E
                || byte == 0x5F
            guard isLetter || (count > 0 && isOther) else { return false }
            count += 1
        }
        return count > 0 && count <= lengthBytesMax
    }

    /// The first character of a name that cannot be seen, if there is one.
    package static func hiddenCharacter(in name: String) -> Unicode.Scalar? {
        name.unicodeScalars.first {
            !$0.isASCII && $0.properties.isDefaultIgnorableCodePoint
        }
    }

    /// What a name looks like: letters of other scripts that look Latin are made Latin.
    ///
    /// Two different names of one appearance are told apart by no reader.
    package static func appearance(of name: String) -> String {
        String(
            String.UnicodeScalarView(name.unicodeScalars.map { lookalikes[$0] ?? $0 })
        )
    }

    /// Cyrillic and Greek letters that look like Latin ones.
    private static let lookalikes: [Unicode.Scalar: Unicode.Scalar] = [
        "а": "a", "е": "e", "о": "o", "р": "p", "с": "c", "у": "y", "х": "x", "і": "i", "ј": "j",
        "ѕ": "s", "ԁ": "d", "һ": "h", "ԛ": "q", "ԝ": "w", "А": "A", "В": "B", "Е": "E", "К": "K",
        "М": "M", "Н": "H", "О": "O", "Р": "P", "С": "C", "Т": "T", "Х": "X", "І": "I", "Ј": "J",
        "Ѕ": "S", "У": "Y", "ο": "o", "Α": "A", "Β": "B", "Ε": "E", "Ζ": "Z", "Η": "H", "Ι": "I",
        "Κ": "K", "Μ": "M", "Ν": "N", "Ο": "O", "Ρ": "P", "Τ": "T", "Υ": "Y", "Χ": "X", "ν": "v",
    ]

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII
            ? ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
            : scalar.properties.isAlphabetic
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        isLetter(scalar) || ("0"..."9").contains(scalar) || scalar == "-" || scalar == "_"
            || scalar == "." || isMark(scalar)
    }

    /// Accents and vowel signs, which some scripts write as scalars of their own.
    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark: true
        default: false
        }
    }
}
