extension JSONValue {
    /// The value as JSON text, indented by two spaces, with a line end.
    package var prettyText: String {
        var writer = JSONWriter(isPretty: true)
        writer.put(self, level: 0)
        writer.bytes.append(UInt8(ascii: "\n"))
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The value as JSON text on one line, without a line end.
    package var compactText: String { String(decoding: compactBytes, as: UTF8.self) }

    /// The value as UTF-8 bytes of JSON on one line.
    package var compactBytes: [UInt8] {
        var writer = JSONWriter(isPretty: false)
        writer.put(self, level: 0)
        return writer.bytes
    }
}

/// Collects the bytes of JSON text.
private struct JSONWriter {
    let isPretty: Bool
    var bytes: [UInt8] = []

    init(isPretty: Bool) { self.isPretty = isPretty }

    mutating func put(_ value: JSONValue, level: Int) {
        switch value {
        case .null: bytes += "null".utf8
        case .flag(let flag): bytes += (flag ? "true" : "false").utf8
        case .integer(let number): bytes += String(number).utf8
        // JSON knows no infinity.
        case .fraction(let number): bytes += (number.isFinite ? String(number) : "null").utf8
        case .text(let text): put(text)
        case .list(let values):
            put(values, between: ("[", "]"), level: level) { writer, value in
                writer.put(value, level: level + 1)
            }
        case .object(let members):
            put(members, between: ("{", "}"), level: level) { writer, member in
                writer.put(member.key)
                writer.bytes += (writer.isPretty ? ": " : ":").utf8
                writer.put(member.value, level: level + 1)
            }
        }
    }

    private mutating func put<Element>(
        _ elements: [Element],
        between marks: (Unicode.Scalar, Unicode.Scalar),
        level: Int,
        _ putElement: (inout JSONWriter, Element) -> Void
    ) {
        bytes.append(UInt8(ascii: marks.0))
        for (place, element) in elements.enumerated() {
            if place > 0 { bytes.append(UInt8(ascii: ",")) }
            breakLine(level + 1)
            putElement(&self, element)
        }
        if !elements.isEmpty { breakLine(level) }
        bytes.append(UInt8(ascii: marks.1))
    }

    private mutating func breakLine(_ level: Int) {
        guard isPretty else { return }
        bytes.append(UInt8(ascii: "\n"))
        for _ in 0..<level { bytes += "  ".utf8 }
    }

    private mutating func put(_ text: String) { JSONValue.put(text, to: &bytes) }
}

extension JSONValue {
    /// Adds a text in quotes.
    static func put(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        let start = bytes.count
        bytes += text.utf8
        if bytes[start...].contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C || $0 == 0x7F })
        {
            bytes.removeSubrange(start...)
            putEscaped(text, to: &bytes)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func putEscaped(_ text: String, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes += "\\\"".utf8
            case UInt8(ascii: "\\"): bytes += "\\\\".utf8
            case UInt8(ascii: "\n"): bytes += "\\n".utf8
            case UInt8(ascii: "\r"): bytes += "\\r".utf8
            case UInt8(ascii: "\t"): bytes += "\\t".utf8
            case 0..<0x20, 0x7F:
                let digits = String(byte, radix: 16)
                bytes += "\\u00\(digits.count < 2 ? "0" : "")\(digits)".utf8
            default: bytes.append(byte)
            }
        }
    }
}
