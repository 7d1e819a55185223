/// Named values that a question carries in its address, after the question mark.
package struct ControlQuery: Hashable, Sendable {
    private var values: [String: String] = [:]

    /// No values.
    package init() {}

    /// Values by name.
    package init(_ values: [String: String]) { self.values = values }

    /// Reads the part of an address after its question mark; what is no pair is passed over.
    package init(text: some StringProtocol) {
        for pair in text.split(separator: "&").prefix(32) {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2, let name = Self.decode(halves[0]),
                let value = Self.decode(halves[1])
            else { continue }
            values[name] = value
        }
    }

    /// A value; `nil` when it was not given.
    package subscript(name: String) -> String? { values[name] }

    /// A value that is a number; `nil` when it was not given or is none.
    package func number(_ name: String) -> UInt64? { values[name].flatMap { UInt64($0) } }

    /// The part of an address after its question mark, in an order that never changes.
    package var text: String {
        values.sorted { $0.key < $1.key }
            .map { "\(Self.encode($0.key))=\(Self.encode($0.value))" }.joined(separator: "&")
    }

    private static func encode(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += "%" + (digits.count < 2 ? "0" : "") + digits
            }
        }
        return encoded
    }

    private static func decode(_ text: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
