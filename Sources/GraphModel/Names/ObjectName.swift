/// The spelling of names: a letter, then letters, digits, `-`, `_` and `.`.
package enum ObjectName {
    /// Longest name, in bytes.
    package static let lengthBytesMax = 127

    /// What is wrong with a name, as a clause; `nil` when nothing is.
    package static func fault(in name: String) -> String? {
        guard let first = name.unicodeScalars.first else { return "is empty" }
        let lengthBytes = name.utf8.count
        if lengthBytes > lengthBytesMax {
            return "is \(lengthBytes) bytes long; at most \(lengthBytesMax) are allowed"
        }
        if !isLetter(first) { return "does not begin with a letter" }
        if name.unicodeScalars.allSatisfy(isAllowed) { return nil }
        return "has a character other than letters, digits, - _ and ."
    }

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
