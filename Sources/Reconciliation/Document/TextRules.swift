import GraphModel

/// Rules for bytes before any YAML is read: size, encoding, characters that hide things.
enum TextRules {
    /// Characters that end lines for some readers only, or turn the direction of text.
    private static let hidden: [Unicode.Scalar: String] = [
        "\u{0}": "NUL", "\u{85}": "U+0085 (next line)", "\u{2028}": "U+2028 (line separator)",
        "\u{2029}": "U+2029 (paragraph separator)", "\u{202A}": "U+202A (bidirectional control)",
        "\u{202B}": "U+202B (bidirectional control)", "\u{202C}": "U+202C (bidirectional control)",
        "\u{202D}": "U+202D (bidirectional control)", "\u{202E}": "U+202E (bidirectional control)",
        "\u{2066}": "U+2066 (bidirectional control)", "\u{2067}": "U+2067 (bidirectional control)",
        "\u{2068}": "U+2068 (bidirectional control)", "\u{2069}": "U+2069 (bidirectional control)",
        "\u{200E}": "U+200E (bidirectional control)", "\u{200F}": "U+200F (bidirectional control)",
        "\u{61C}": "U+061C (bidirectional control)",
    ]

    /// What a character that cannot be seen is called.
    static func name(of scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        let code = "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        return hidden[scalar] ?? scalar.properties.name.map { "\(code) (\($0.lowercased()))" }
            ?? code
    }

    /// Most hidden characters of a file that are told.
    private static let charactersMax = 100

    /// What is wrong with a file's bytes; nothing when it can be read as text.
    static func faults(in bytes: [UInt8], file: String, fileBytesMax: Int) -> [Diagnostic] {
        let start = SourceMark(file: file, line: 1, column: 1)
        if bytes.count > fileBytesMax {
            return [
                Diagnostic(
                    code: "E0104",
                    message:
                        "the file is larger than \(fileBytesMax) bytes, the limit for one file",
                    mark: start,
                    help: ["split it: all files of a directory are one configuration"]
                )
            ]
        }
        if WideText.isWide(bytes) {
            return [
                Diagnostic(
                    code: "E0101",
                    message: "the file is UTF-16, not UTF-8",
                    mark: start,
                    help: ["save as UTF-8"]
                )
            ]
        }
        // Most files are plain ASCII: nothing can hide in them but NUL.
        if isPlain(bytes) { return [] }
        return characterFaults(in: bytes, file: file, countMax: charactersMax) { hidden[$0] }
    }

    /// Whether all bytes are ASCII and none is NUL, looked at eight at a time.
    private static func isPlain(_ bytes: [UInt8]) -> Bool {
        let (lows, highs): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        let whole = bytes.count & ~7
        let isWholePlain = unsafe bytes.withUnsafeBytes { bytes in
            for place in stride(from: 0, to: whole, by: 8) {
                let word = unsafe bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
                // A byte that borrows was 0, one with its high bit is no ASCII.
                if (word | (word &- lows)) & highs != 0 { return false }
            }
            return true
        }
        return isWholePlain && bytes[whole...].allSatisfy { $0 > 0 && $0 < 0x80 }
    }

    private static func isLineFeed(_ bytes: [UInt8], at place: Int) -> Bool {
        place < bytes.count && bytes[place] == 0x0A
    }

    /// The first character that YAML has no place for, when libyaml found one in a file.
    static func controlCharacter(in bytes: [UInt8], file: String) -> Diagnostic? {
        characterFaults(in: bytes, file: file, countMax: 1) { scalar in
            switch scalar.value {
            case 0x09, 0x0A, 0x0D, 0x20...0x7E, 0xA0...0xFEFE, 0xFF00...0xFFFD, 0x10000...: nil
            default: name(of: scalar)
            }
        }.first
    }

    /// The first characters that have a name here, up to the first byte that is no text.
    private static func characterFaults(
        in bytes: [UInt8],
        file: String,
        countMax: Int,
        _ name: (Unicode.Scalar) -> String?
    ) -> [Diagnostic] {
        var found: [Diagnostic] = []
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var line = 1
        var column = 1
        var offset = 0
        while found.count < countMax {
            let mark = SourceMark(file: file, line: line, column: column, length: 1)
            switch decoder.decode(&iterator) {
            case .emptyInput: return found
            case .error:
                let fault = Diagnostic(
                    code: "E0101",
                    message: "the file is not UTF-8: byte \(offset) is invalid",
                    mark: mark,
                    help: ["save as UTF-8"]
                )
                return found + [fault]
            case .scalarValue(let scalar):
                if let name = name(scalar), !(scalar == "\u{FEFF}" && offset == 0) {
                    found.append(
                        Diagnostic(
                            code: "E0107",
                            message: "the character \(name) is not allowed here",
                            mark: mark,
                            label: "hidden character",
                            help: ["delete it; it can hide what the file says"]
                        )
                    )
                }
                offset += UTF8.width(scalar)
                // A byte order mark takes no column.
                if scalar == "\u{FEFF}", offset == 3 { continue }
                // A carriage return alone ends a line too; of a pair, the second ends it.
                let isEnd = scalar == "\n" || (scalar == "\r" && !isLineFeed(bytes, at: offset))
                line += isEnd ? 1 : 0
                column = isEnd ? 1 : column + 1
            }
        }
        return found
    }

    /// The first tab that stands where indentation is expected at a line's start, if any.
    static func indentationTab(in bytes: [UInt8], line wanted: Int) -> Int? {
        var line = 1
        var index = 0
        while line < wanted, index < bytes.count {
            if bytes[index] == 0x0A { line += 1 }
            index += 1
        }
        var column = 1
        while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 {
            if bytes[index] == 0x09 { return column }
            index += 1
            column += 1
        }
        return nil
    }
}
