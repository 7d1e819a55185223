/// One line of a text that is laid out.
struct SourceLine {
    /// Its bytes without the line's end.
    let bytes: [UInt8]
    /// Spaces at its start.
    let indentation: Int
    /// Whether it has nothing but white space.
    let isBlank: Bool

    init(_ bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes)
        indentation = self.bytes.prefix { $0 == UInt8(ascii: " ") }.count
        isBlank = self.bytes.allSatisfy(Self.isSpace)
    }

    /// The lines of a text, which end in LF, CR LF or CR; a byte order mark is dropped.
    static func lines(of bytes: [UInt8]) -> [SourceLine] {
        var lines: [SourceLine] = []
        var rest = bytes[...]
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        while !rest.isEmpty {
            guard let end = rest.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) else {
                lines.append(SourceLine(rest))
                break
            }
            lines.append(SourceLine(rest[..<end]))
            let next = rest.index(after: end)
            let isPair = rest[end] == 0x0D && next < rest.endIndex && rest[next] == 0x0A
            rest = rest[(isPair ? next + 1 : next)...]
        }
        return lines
    }

    /// Whether a byte is white space inside a line.
    static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }

    /// The byte at a place; `nil` past the end.
    subscript(place: Int) -> UInt8? { bytes.indices.contains(place) ? bytes[place] : nil }

    /// Whether a place is at the end, or holds white space.
    func isGap(_ place: Int) -> Bool { self[place].map(Self.isSpace) ?? true }

    /// The first place from one on that holds no white space.
    func skippingSpace(_ place: Int) -> Int {
        var place = place
        while let byte = self[place], Self.isSpace(byte) { place += 1 }
        return place
    }

    /// Whether a comment begins at a place.
    func isComment(_ place: Int) -> Bool {
        self[place] == UInt8(ascii: "#") && (place == 0 || isGap(place - 1))
    }

    /// Whether the line ends a document or begins one.
    var isMarker: Bool {
        (bytes.starts(with: Array("---".utf8)) || bytes.starts(with: Array("...".utf8)))
            && isGap(3)
    }

    /// Text from one place to another, without white space at its end.
    func text(_ from: Int, _ to: Int) -> [UInt8] {
        var slice = bytes[from..<min(to, bytes.count)]
        while let last = slice.last, Self.isSpace(last) { slice.removeLast() }
        return Array(slice)
    }

    /// Where a quoted text ends that began before a place: behind its quote; `nil` when it goes on
    /// in the next line.
    func endOfQuoted(_ from: Int, quote: UInt8) -> Int? {
        var place = from
        while let byte = self[place] {
            if quote == UInt8(ascii: "\""), byte == UInt8(ascii: "\\") {
                place += 2
            } else if byte == quote {
                guard quote == UInt8(ascii: "'"), self[place + 1] == quote else {
                    return place + 1
                }
                place += 2
            } else {
                place += 1
            }
        }
        return nil
    }
}

/// Why a text cannot be laid out.
struct LayoutFault: Error {
    let line: Int
    let reason: String
}
