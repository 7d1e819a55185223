package import GraphModel

/// A stretch of a file that is to be another text.
package struct TextEdit: Hashable, Sendable {
    /// What is replaced; a length of 0 is a place between two characters.
    package let mark: SourceMark
    /// What stands there then.
    package let text: String

    /// Makes an edit.
    package init(mark: SourceMark, text: String) {
        self.mark = mark
        self.text = text
    }

    /// The edit as JSON.
    var json: JSONValue { ["replace": mark.json, "with": .text(text)] }

    /// Makes edits in a file.
    ///
    /// - Parameters:
    ///   - edits: Edits of that file that do not overlap, in any order.
    ///   - bytes: The file.
    /// - Returns: The file with them; `nil` when a place is not in it.
    package static func apply(_ edits: [TextEdit], to bytes: [UInt8]) -> [UInt8]? {
        var result = bytes
        // From the end to the beginning, so that places before an edit stay where they are.
        for edit in edits.sorted(by: { $1.mark < $0.mark }) {
            guard let start = offset(line: edit.mark.line, column: edit.mark.column, in: bytes),
                let end = advance(start, by: edit.mark.length, in: bytes), end <= result.count
            else { return nil }
            result.replaceSubrange(start..<end, with: Array(edit.text.utf8))
        }
        return result
    }

    /// The place of a line and column among bytes; columns count Unicode scalars.
    static func offset(line: Int, column: Int, in bytes: [UInt8]) -> Int? {
        var place = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        var current = 1
        while current < line {
            guard let end = bytes[place...].firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) else {
                return nil
            }
            let isPair = bytes[end] == 0x0D && end + 1 < bytes.count && bytes[end + 1] == 0x0A
            place = end + (isPair ? 2 : 1)
            current += 1
        }
        return advance(place, by: column - 1, in: bytes)
    }

    private static func advance(_ start: Int, by scalars: Int, in bytes: [UInt8]) -> Int? {
        var place = start
        for _ in 0..<max(0, scalars) {
            guard place < bytes.count else { return nil }
            place += 1
            while place < bytes.count, bytes[place] & 0xC0 == 0x80 { place += 1 }
        }
        return place
    }
}
