/// Why a text is no JSON that we take.
package struct JSONError: Error, Hashable {
    /// Place in the text, in bytes from 0.
    package let offsetBytes: Int
    /// A sentence.
    package let reason: String
}

extension JSONValue {
    /// Deepest nesting that is read.
    package static let depthMax = 64
    /// Longest text that is read, in bytes, when the caller says nothing else.
    package static let lengthBytesMax = 64 << 20

    /// Reads one JSON value that fills the whole text.
    ///
    /// Strict: no comments, no trailing commas, no duplicate members. Numbers that are whole and fit
    /// become `.integer`.
    package init(
        json bytes: some Sequence<UInt8>,
        lengthBytesMax: Int = JSONValue.lengthBytesMax
    ) throws(JSONError) {
        var reader = JSONReader(bytes: Array(bytes))
        guard reader.bytes.count <= lengthBytesMax else {
            throw JSONError(
                offsetBytes: lengthBytesMax,
                reason:
                    "the text has \(reader.bytes.count) bytes; at most \(lengthBytesMax) are read"
            )
        }
        self = try reader.readDocument()
    }
}

/// Reads values from bytes; a cursor that only moves forward.
private struct JSONReader {
    let bytes: [UInt8]
    private var place = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func readDocument() throws(JSONError) -> JSONValue {
        let value = try readValue(depth: 0)
        skipSpace()
        guard place == bytes.count else { throw fault("text after the value") }
        return value
    }

    private func fault(_ reason: String) -> JSONError {
        JSONError(offsetBytes: place, reason: "not JSON at byte \(place): \(reason)")
    }

    private var current: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            place += 1
        }
    }

    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: byte) else { return false }
        place += 1
        return true
    }

    private mutating func readValue(depth: Int) throws(JSONError) -> JSONValue {
        guard depth <= JSONValue.depthMax else {
            throw fault("nested deeper than \(JSONValue.depthMax) levels")
        }
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): return try readObject(depth: depth)
        case UInt8(ascii: "["): return try readList(depth: depth)
        case UInt8(ascii: "\""): return .text(try readText())
        case UInt8(ascii: "t"): return try read(word: "true", as: .flag(true))
        case UInt8(ascii: "f"): return try read(word: "false", as: .flag(false))
        case UInt8(ascii: "n"): return try read(word: "null", as: .null)
        case nil: throw fault("the text ends where a value is expected")
        default: return try readNumber()
        }
    }

    private mutating func read(word: String, as value: JSONValue) throws(JSONError) -> JSONValue {
        let end = place + word.utf8.count
        guard end <= bytes.count, bytes[place..<end].elementsEqual(word.utf8) else {
            throw fault("unknown word")
        }
        place = end
        return value
    }

    private mutating func readList(depth: Int) throws(JSONError) -> JSONValue {
        place += 1
        var values: [JSONValue] = []
        skipSpace()
        if take("]") { return .list(values) }
        repeat {
            values.append(try readValue(depth: depth + 1))
            skipSpace()
        } while take(",")
        guard take("]") else { throw fault("expected , or ]") }
        return .list(values)
    }

    private mutating func readObject(depth: Int) throws(JSONError) -> JSONValue {
        place += 1
        var members: [JSONValue.Member] = []
        var keys: Set<String> = []
        skipSpace()
        if take("}") { return .object(members) }
        repeat {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw fault("expected a member's name") }
            let key = try readText()
            guard keys.insert(key).inserted else { throw fault("member \(key) appears twice") }
            skipSpace()
            guard take(":") else { throw fault("expected :") }
            members.append(JSONValue.Member(key, try readValue(depth: depth + 1)))
            skipSpace()
        } while take(",")
        guard take("}") else { throw fault("expected , or }") }
        return .object(members)
    }

    private mutating func readNumber() throws(JSONError) -> JSONValue {
        let start = place
        while let byte = current,
            (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
                || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "e")
                || byte == UInt8(ascii: "E")
        {
            place += 1
        }
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        guard let first = digits.first, first.isNumber, digits.last?.isNumber == true,
            !digits.contains(".e"), !digits.contains(".E"),
            first != "0" || digits.count == 1 || !(digits.dropFirst().first?.isNumber ?? false)
        else {
            place = start
            throw fault("expected a value")
        }
        if let number = Int64(text) { return .integer(number) }
        guard let number = Double(text), number.isFinite else {
            place = start
            throw fault("\(text) is no number")
        }
        return .fraction(number)
    }

    private mutating func readText() throws(JSONError) -> String {
        place += 1
        var text: [UInt8] = []
        while let byte = current {
            place += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let result = String(validating: text, as: UTF8.self) else {
                    throw fault("the text before this is not UTF-8")
                }
                return result
            case UInt8(ascii: "\\"): try readEscape(into: &text)
            case 0..<0x20: throw fault("control character in a text")
            default: text.append(byte)
            }
        }
        throw fault("a text does not end")
    }

    private mutating func readEscape(into text: inout [UInt8]) throws(JSONError) {
        guard let byte = current else { throw fault("a text does not end") }
        place += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text += String(Character(try readScalar())).utf8
        default: throw fault("unknown escape")
        }
    }

    private mutating func readScalar() throws(JSONError) -> Unicode.Scalar {
        let first = try readHexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xD800..<0xDC00).contains(first), take("\\"), take("u") else {
            throw fault("half of a surrogate pair")
        }
        let second = try readHexadecimal()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw fault("half of a surrogate pair") }
        return scalar
    }

    private mutating func readHexadecimal() throws(JSONError) -> UInt32 {
        guard place + 4 <= bytes.count,
            let value = UInt32(
                String(decoding: bytes[place..<place + 4], as: UTF8.self),
                radix: 16
            ),
            bytes[place] != UInt8(ascii: "+"), bytes[place] != UInt8(ascii: "-")
        else { throw fault("expected four hexadecimal digits") }
        place += 4
        return value
    }
}
