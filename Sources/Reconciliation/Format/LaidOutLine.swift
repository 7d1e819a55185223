/// A line of the result.
struct LaidOutLine {
    /// Spaces before its text.
    var indent: Int
    /// Its text without the comment at its end.
    var body: [UInt8]
    /// The comment at its end.
    var comment: [UInt8] = []
    /// Where that comment stood, in scalars from 0.
    var commentColumn = -1
    /// Whether an empty line stands before it.
    var hasGap = false
    /// Whether it belongs to a text of several lines, so that nothing may be put before it.
    var isInside = false

    /// Scalars before the comment.
    var width: Int {
        indent + body.count { $0 & 0xC0 != 0x80 }
    }
}

extension [LaidOutLine] {
    /// The lines as text; comments that stood below each other stand so again.
    var text: [UInt8] {
        var bytes: [UInt8] = []
        var place = startIndex
        while place < endIndex {
            let end = endOfRun(from: place)
            let column = self[place..<end].map(\.width).max() ?? 0
            for line in self[place..<end] {
                if line.hasGap, !bytes.isEmpty { bytes.append(UInt8(ascii: "\n")) }
                if !line.body.isEmpty || !line.comment.isEmpty {
                    bytes += [UInt8](repeating: UInt8(ascii: " "), count: line.indent)
                }
                bytes += line.body
                if !line.comment.isEmpty {
                    let spaces = line.body.isEmpty ? 0 : column - line.width + 2
                    bytes += [UInt8](repeating: UInt8(ascii: " "), count: spaces)
                    bytes += line.comment
                }
                bytes.append(UInt8(ascii: "\n"))
            }
            place = end
        }
        return bytes
    }

    /// The end of the lines whose comments stand in one column.
    private func endOfRun(from start: Int) -> Int {
        var end = start + 1
        guard !self[start].comment.isEmpty, !self[start].body.isEmpty else { return end }
        while end < endIndex, !self[end].comment.isEmpty, !self[end].body.isEmpty,
            !self[end].hasGap, self[end].commentColumn == self[start].commentColumn
        {
            end += 1
        }
        return end
    }
}
