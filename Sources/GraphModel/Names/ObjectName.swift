/// The spelling of names: a letter, then letters, digits, `-`, `_` and `.`.
package enum ObjectName {
    /// Longest name, in bytes.
    package static let lengthBytesMax = 127

    /// What is wrong with a name, as a clause; `nil` when nothing is.
    package static func fault(in name: String) -> String? {
        let bytes = name.utf8
        guard let first = bytes.first else { return "is empty" }
        if bytes.count > lengthBytesMax {
            return "is \(bytes.count) bytes long; at most \(lengthBytesMax) are allowed"
        }
        if !isLetter(first) { return "does not begin with a letter" }
        if bytes.allSatisfy(isAllowed) { return nil }
        return "has a character other than letters, digits, - _ and ."
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte)
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        isLetter(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x5F
            || byte == 0x2E
    }
}
