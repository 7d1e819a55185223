/// Reads a collection in brackets or braces, over as many lines as it has.
struct FlowReader {
    /// A sign or a text of the collection.
    private enum Token {
        case open(UInt8)
        case close(UInt8)
        case comma
        case colon
        /// A text, an anchor, a tag or an alias.
        case word([UInt8])
        /// A quoted text that goes on in the next line: its first part, and what follows.
        case quoted([[UInt8]])
        /// The end of a line, with its comment; whether an empty line follows.
        case lineEnd(comment: [UInt8], column: Int, hasGap: Bool)
    }

    private let lines: [SourceLine]
    /// The line in which reading stands; the last one of the collection afterwards.
    private(set) var row: Int
    /// The place in it; behind the collection afterwards.
    private(set) var place: Int
    private var tokens: [Token] = []
    private var depth = 0

    init(lines: [SourceLine], row: Int, place: Int) {
        self.lines = lines
        self.row = row
        self.place = place
    }

    private var line: SourceLine { lines[row] }

    private func fault(_ reason: String) -> LayoutFault {
        LayoutFault(line: row + 1, reason: reason)
    }

    /// Reads to the end of the collection.
    mutating func read() throws(LayoutFault) {
        repeat {
            place = line.skippingSpace(place)
            guard let byte = line[place], !line.isComment(place) else {
                try takeLineEnd()
                continue
            }
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                tokens.append(.open(byte))
                place += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                tokens.append(.close(byte))
                place += 1
            case UInt8(ascii: ","):
                tokens.append(.comma)
                place += 1
            case UInt8(ascii: ":") where isColon(place):
                tokens.append(.colon)
                place += 1
            case UInt8(ascii: "\""), UInt8(ascii: "'"): try takeQuoted(byte)
            case UInt8(ascii: "?") where line.isGap(place + 1):
                throw fault("a key is written with a question mark")
            default: takeWord()
            }
        } while depth > 0
    }

    private mutating func takeLineEnd() throws(LayoutFault) {
        let isComment = line.isComment(place)
        let comment = isComment ? line.text(place, line.bytes.count) : []
        let column = isComment ? line.bytes[..<place].count { $0 & 0xC0 != 0x80 } : -1
        row += 1
        var hasGap = false
        while row < lines.count, line.isBlank {
            hasGap = true
            row += 1
        }
        guard row < lines.count else { throw LayoutFault(line: row, reason: "a bracket is open") }
        tokens.append(.lineEnd(comment: comment, column: column, hasGap: hasGap))
        place = 0
    }

    /// Whether a colon parts a key from its value.
    private func isColon(_ place: Int) -> Bool {
        if line.isGap(place + 1) { return true }
        if let next = line[place + 1], isFlowSign(next) { return true }
        // "key":value, as JSON writes it.
        if place > 0, let last = line[place - 1] {
            return last == UInt8(ascii: "\"") || last == UInt8(ascii: "'")
        }
        return false
    }

    private func isFlowSign(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"),
            UInt8(ascii: "}"):
            true
        default: false
        }
    }

    private mutating func takeWord() {
        let start = place
        let isName = [UInt8(ascii: "&"), UInt8(ascii: "!"), UInt8(ascii: "*")]
            .contains(line.bytes[place])
        while let byte = line[place] {
            if isFlowSign(byte) || line.isComment(place) { break }
            if isName, SourceLine.isSpace(byte) { break }
            if !isName, byte == UInt8(ascii: ":"), place > start, isColon(place) { break }
            place += 1
        }
        tokens.append(.word(line.text(start, place)))
    }

    private mutating func takeQuoted(_ quote: UInt8) throws(LayoutFault) {
        if let end = line.endOfQuoted(place + 1, quote: quote) {
            tokens.append(.word(line.text(place, end)))
            place = end
            return
        }
        var parts = [Array(line.bytes[place...])]
        while row + 1 < lines.count {
            row += 1
            let start = line.skippingSpace(0)
            let end = line.endOfQuoted(start, quote: quote)
            parts.append(Array(line.bytes[start..<(end ?? line.bytes.count)]))
            if let end {
                place = end
                tokens.append(.quoted(parts))
                return
            }
        }
        throw fault("a quote is open")
    }

    /// The collection in its canonical layout, as the lines that it has.
    ///
    /// - Parameter indent: Where the entry begins that it is the value of.
    /// - Returns: At least one line; the first goes on where the entry stands.
    func pieces(indent: Int) -> [LaidOutLine] {
        var pieces = [LaidOutLine(indent: indent, body: [], isInside: true)]
        var depth = 0
        var wantsSpace = false
        var isStart = true
        func begin(_ hasGap: Bool) {
            pieces.append(LaidOutLine(indent: 0, body: [], hasGap: hasGap, isInside: true))
            isStart = true
            wantsSpace = false
        }
        func put(_ text: [UInt8], depth: Int) {
            let last = pieces.count - 1
            if isStart, last > 0 {
                pieces[last].indent = indent + depth * DocumentFormat.levelSpaces
            }
            if wantsSpace, !isStart { pieces[last].body.append(UInt8(ascii: " ")) }
            pieces[last].body += text
            isStart = false
        }
        for token in tokens {
            switch token {
            case .open(let sign):
                put([sign], depth: depth)
                depth += 1
                wantsSpace = false
            case .close(let sign):
                depth -= 1
                wantsSpace = false
                put([sign], depth: depth)
                wantsSpace = true
            case .comma:
                wantsSpace = false
                put([UInt8(ascii: ",")], depth: depth)
                wantsSpace = true
            case .colon:
                // *name: would be an alias called "name:".
                wantsSpace = endsInAlias(pieces[pieces.count - 1].body)
                put([UInt8(ascii: ":")], depth: depth)
                wantsSpace = true
            case .word(let text):
                put(text, depth: depth)
                wantsSpace = true
            case .quoted(let parts):
                put(parts[0], depth: depth)
                for part in parts.dropFirst() {
                    begin(false)
                    put(part, depth: depth)
                }
                wantsSpace = true
            case .lineEnd(let comment, let column, let hasGap):
                let last = pieces.count - 1
                if isStart, last > 0 {
                    pieces[last].indent = indent + depth * DocumentFormat.levelSpaces
                }
                (pieces[last].comment, pieces[last].commentColumn) = (comment, column)
                begin(hasGap)
            }
        }
        return pieces
    }

    private func endsInAlias(_ body: [UInt8]) -> Bool {
        let word = body.reversed().prefix {
            !SourceLine.isSpace($0) && !isFlowSign($0)
        }
        return word.last == UInt8(ascii: "*")
    }
}
