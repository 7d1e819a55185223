/// Reads one entry of a block: dashes, a key, a value, and the lines that belong to the value.
struct EntryReader {
    /// The layout that the entry belongs to.
    var writer: LayoutWriter
    private var out = LaidOutLine(indent: 0, body: [])
    private var hasIndent = false
    private var place = 0
    /// Column of the innermost entry, in the source and in the result; -1 and 0 outside of any.
    private var parent = (column: -1, indent: 0)

    private var line: SourceLine { writer.line }

    init(writer: consuming LayoutWriter) throws(LayoutFault) {
        self.writer = writer
        place = self.writer.line.skippingSpace(0)
        guard place == self.writer.line.indentation else {
            throw self.writer.fault("a tab stands where a line begins")
        }
    }

    /// The writer, at the line after the entry.
    consuming func done() -> LayoutWriter { writer }

    /// Reads the entry, and leaves the writer at the line after it.
    mutating func read() throws(LayoutFault) {
        while line[place] == UInt8(ascii: "-"), line.isGap(place + 1) {
            enter(isSequence: true)
            append("-")
            place = line.skippingSpace(place + 1)
        }
        if line[place] == UInt8(ascii: "?"), line.isGap(place + 1) {
            throw writer.fault("a key is written with a question mark")
        }
        if let colon = endOfKey() {
            enter(isSequence: false)
            let key = line.text(place, colon)
            appendSpaced(key)
            // *name: would be an alias called "name:".
            append(key.contains(UInt8(ascii: "*")) && key.first == UInt8(ascii: "*") ? " :" : ":")
            place = line.skippingSpace(colon + 1)
        } else if !hasIndent {
            while let last = writer.levels.last, last.column >= place { writer.levels.removeLast() }
            let level = writer.levels.last
            parent = (level?.column ?? -1, level?.indent ?? 0)
            start(indent: level.map { $0.indent + DocumentFormat.levelSpaces } ?? 0)
        }
        try readValue()
    }

    private mutating func enter(isSequence: Bool) {
        let level = writer.enter(place, isSequence: isSequence)
        parent = (level.column, level.indent)
        if !hasIndent {
            start(indent: level.indent)
        } else {
            append(" ")
        }
    }

    private mutating func start(indent: Int) {
        out.indent = indent
        hasIndent = true
    }

    private mutating func append(_ text: String) { out.body += Array(text.utf8) }

    /// Appends, with a space before it when something stands there already.
    private mutating func appendSpaced(_ text: [UInt8]) {
        if let last = out.body.last, !SourceLine.isSpace(last) { append(" ") }
        out.body += text
    }

    /// Where a key's colon is; `nil` when no key stands here.
    private func endOfKey() -> Int? {
        var place = place
        while line[place] == UInt8(ascii: "&") || line[place] == UInt8(ascii: "!") {
            while !line.isGap(place) { place += 1 }
            place = line.skippingSpace(place)
        }
        switch line[place] {
        case nil, UInt8(ascii: "{")?, UInt8(ascii: "[")?, UInt8(ascii: "|")?, UInt8(ascii: ">")?:
            return nil
        case UInt8(ascii: "\"")?, UInt8(ascii: "'")?:
            let quote = line.bytes[place]
            guard let end = line.endOfQuoted(place + 1, quote: quote) else { return nil }
            let colon = line.skippingSpace(end)
            return line[colon] == UInt8(ascii: ":") && line.isGap(colon + 1) ? colon : nil
        default:
            while place < line.bytes.count, !line.isComment(place) {
                if line[place] == UInt8(ascii: ":"), line.isGap(place + 1) { return place }
                place += 1
            }
            return nil
        }
    }

    private mutating func readValue() throws(LayoutFault) {
        while line[place] == UInt8(ascii: "&") || line[place] == UInt8(ascii: "!") {
            var end = place
            while !line.isGap(end) { end += 1 }
            appendSpaced(line.text(place, end))
            place = line.skippingSpace(end)
        }
        switch line[place] {
        case nil: finish()
        case UInt8(ascii: "#")? where line.isComment(place): finish()
        case UInt8(ascii: "|")?, UInt8(ascii: ">")?: try readBlockText()
        case UInt8(ascii: "{")?, UInt8(ascii: "[")?:
            var flow = FlowReader(lines: writer.lines, row: writer.row, place: place)
            try flow.read()
            let pieces = flow.pieces(indent: parent.column < 0 ? out.indent : parent.indent)
            appendSpaced(pieces[0].body)
            (out.comment, out.commentColumn) = (pieces[0].comment, pieces[0].commentColumn)
            take(out, pieces.dropFirst(), row: flow.row, place: flow.place)
            try end()
        case UInt8(ascii: "\"")?, UInt8(ascii: "'")?: try readQuoted()
        default: readPlain()
        }
    }

    /// Appends the entry's first line and those that follow it.
    private mutating func take(
        _ first: LaidOutLine,
        _ more: some Sequence<LaidOutLine>,
        row: Int,
        place: Int
    ) {
        writer.result.append(first)
        writer.result += more
        writer.row = row
        self.place = place
    }

    /// Ends the entry at the end of its line: nothing but a comment may follow.
    private mutating func finish() {
        takeComment(into: &out)
        writer.result.append(out)
        writer.row += 1
    }

    /// Ends a value that may have ended in another line than it began.
    private mutating func end() throws(LayoutFault) {
        place = line.skippingSpace(place)
        guard place >= line.bytes.count || line.isComment(place) else {
            throw writer.fault("something stands behind a value")
        }
        takeComment(into: &writer.result[writer.result.count - 1])
        writer.row += 1
    }

    private func takeComment(into out: inout LaidOutLine) {
        guard line.isComment(place) else { return }
        out.comment = line.text(place, line.bytes.count)
        out.commentColumn = line.bytes[..<place].count { $0 & 0xC0 != 0x80 }
    }

    private mutating func readQuoted() throws(LayoutFault) {
        let quote = line.bytes[place]
        if let end = line.endOfQuoted(place + 1, quote: quote) {
            appendSpaced(line.text(place, end))
            take(out, [], row: writer.row, place: end)
            return try self.end()
        }
        appendSpaced(Array(line.bytes[place...]))
        writer.result.append(out)
        while writer.row + 1 < writer.lines.count {
            writer.row += 1
            let start = line.skippingSpace(0)
            let end = line.endOfQuoted(start, quote: quote)
            writer.result.append(inside(Array(line.bytes[start..<(end ?? line.bytes.count)])))
            if let end {
                place = end
                return try self.end()
            }
        }
    }

    /// A plain text, which ends at a comment, or before a line that is not indented more.
    private mutating func readPlain() {
        var isOver = takePlainLine(from: place, isFirst: true)
        while !isOver, let next = rowThatGoesOn() {
            for _ in (writer.row + 1)..<next { writer.result.append(inside([])) }
            writer.row = next
            isOver = takePlainLine(from: line.skippingSpace(0), isFirst: false)
        }
        writer.row += 1
    }

    /// Takes a line of a plain text; says whether a comment ends it.
    private mutating func takePlainLine(from start: Int, isFirst: Bool) -> Bool {
        var end = start
        while end < line.bytes.count, !line.isComment(end) { end += 1 }
        let text = line.text(start, end)
        place = end
        if isFirst {
            appendSpaced(text)
            writer.result.append(out)
        } else {
            writer.result.append(inside(text))
        }
        takeComment(into: &writer.result[writer.result.count - 1])
        return end < line.bytes.count
    }

    /// The next line with text, when it belongs to the plain text before it.
    private func rowThatGoesOn() -> Int? {
        guard
            let next = writer.lines[(writer.row + 1)...].firstIndex(where: { !$0.isBlank })
        else { return nil }
        let line = writer.lines[next]
        let start = line.skippingSpace(0)
        let isComment = line[start] == UInt8(ascii: "#")
        return start > parent.column && !isComment && !line.isMarker ? next : nil
    }

    /// A further line of a text.
    private func inside(_ text: [UInt8]) -> LaidOutLine {
        let indent = parent.column < 0 ? 0 : parent.indent + DocumentFormat.levelSpaces
        return LaidOutLine(indent: text.isEmpty ? 0 : indent, body: text, isInside: true)
    }

    /// A text of several lines after `|` or `>`.
    private mutating func readBlockText() throws(LayoutFault) {
        var end = place
        while !line.isGap(end) { end += 1 }
        let header = line.text(place, end)
        appendSpaced(header)
        place = line.skippingSpace(end)
        guard place >= line.bytes.count || line.isComment(place) else {
            throw writer.fault("something stands behind \(String(decoding: header, as: UTF8.self))")
        }
        takeComment(into: &out)
        writer.result.append(out)
        writer.row += 1
        let digit = header.first { (UInt8(ascii: "1")...UInt8(ascii: "9")).contains($0) }
        let depth = digit.map { Int($0 - UInt8(ascii: "0")) }
        let keepsEnd = header.contains(UInt8(ascii: "+"))
        var last = writer.row
        var next = writer.row
        while next < writer.lines.count {
            let line = writer.lines[next]
            if !line.isBlank, line.indentation <= parent.column || line.isMarker { break }
            next += 1
            if !line.isBlank || keepsEnd { last = next }
        }
        let body = writer.lines[writer.row..<last]
        let before =
            depth.map { max(parent.column, 0) + $0 }
            ?? body.first { !$0.isBlank }?.indentation ?? 0
        let after =
            (parent.column < 0 ? 0 : parent.indent) + (depth ?? DocumentFormat.levelSpaces)
        for line in body {
            let text = Array(line.bytes.dropFirst(before))
            writer.result.append(
                LaidOutLine(indent: text.isEmpty ? 0 : after, body: text, isInside: true)
            )
        }
        writer.row = last
    }
}
