import GraphModel

/// Characters that look like a space, or like nothing, and are letters to YAML.
///
/// They are legal text, in descriptions and comments say; where a finding is about a word that has
/// one, the character is the finding, since nobody can see it.
enum HiddenSpace {
    /// Whether a character is one of them.
    static func isOne(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xA0, 0xAD, 0x1680, 0x2000...0x200B, 0x202F, 0x205F, 0x2060, 0x3000, 0xFEFF: true
        default: false
        }
    }

    /// A text without them at its ends.
    static func stripped(_ text: String) -> String {
        var scalars = text.unicodeScalars[...]
        while let first = scalars.first, isOne(first) || first == " " { scalars.removeFirst() }
        while let last = scalars.last, isOne(last) || last == " " { scalars.removeLast() }
        return String(scalars)
    }

    /// The first one of a line that stands where YAML looks for a space: in its indentation, or
    /// behind a colon, a comma, a dash or a bracket.
    static func place(in line: ArraySlice<UInt8>) -> (column: Int, scalar: Unicode.Scalar)? {
        if line.allSatisfy({ $0 < 0x80 }) { return nil }
        var isIndent = true
        var last: Unicode.Scalar = " "
        for (offset, scalar) in String(decoding: line, as: UTF8.self).unicodeScalars.enumerated() {
            let isOne = isOne(scalar)
            if isOne, isIndent || ":,-{[".unicodeScalars.contains(last) {
                return (offset + 1, scalar)
            }
            isIndent = isIndent && scalar == " "
            last = scalar
        }
        return nil
    }

    /// The finding about one.
    static func diagnostic(_ scalar: Unicode.Scalar, at mark: SourceMark) -> Diagnostic {
        Diagnostic(
            code: "E0107",
            message: "the character \(TextRules.name(of: scalar)) is no space: "
                + "YAML takes it for a letter",
            mark: mark,
            label: "hidden character",
            help: ["type a plain space in its place, or delete it; it comes with copied text"]
        )
    }
}

extension ConfigurationReader {
    /// Reports a hidden space in a word with which something is wrong; `false` when it has none.
    mutating func reportHiddenSpace(in text: String, at value: DocumentTape.Value) -> Bool {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return false }
        guard
            let offset = text.unicodeScalars.enumerated().first(where: {
                HiddenSpace.isOne($0.element)
            })?.offset
        else { return false }
        let scalar = text.unicodeScalars.dropFirst(offset).first ?? "\u{A0}"
        let target = tape.target(value)
        var mark = place(target).mark(in: file)
        // Of a text in quotes or over several lines only the beginning is known.
        if tape.cells[Int(target)].kind == .plain, offset < mark.length {
            mark = SourceMark(file: file, line: mark.line, column: mark.column + offset, length: 1)
        }
        findings.add(HiddenSpace.diagnostic(scalar, at: mark))
        return true
    }
}
