/// Reads the lines of a YAML text and writes them in their canonical layout.
///
/// The text is known to be YAML: what is where follows from columns and a few signs, and a mistake
/// here is caught by whoever compares the meanings of both texts.
struct LayoutWriter {
    /// A block mapping or sequence that is open.
    struct Level {
        /// Column of its entries in the source.
        let column: Int
        let isSequence: Bool
        /// Column of its entries in the result.
        let indent: Int
    }

    /// A comment that waits for the line that it is about.
    private struct WaitingComment {
        let text: [UInt8]
        let column: Int
        let hasGap: Bool
    }

    /// The source.
    let lines: [SourceLine]
    /// The line that is read.
    var row = 0
    /// The result.
    var result: [LaidOutLine] = []
    /// What is open, outermost first.
    var levels: [Level] = []
    private var waiting: [WaitingComment] = []
    private var hasGap = false
    /// Whether the last entry of the outermost mapping had lines of its own.
    private var wasSection = false
    private var isDocumentStart = true

    init(_ lines: [SourceLine]) { self.lines = lines }

    /// The result as text.
    var text: [UInt8] { result.text }

    /// The line that is read.
    var line: SourceLine { lines[row] }

    /// A fault at the line that is read.
    func fault(_ reason: String) -> LayoutFault { LayoutFault(line: row + 1, reason: reason) }

    /// Lays out all lines.
    mutating func run() throws(LayoutFault) {
        while row < lines.count {
            let start = line.skippingSpace(0)
            if line.isBlank {
                hasGap = true
                row += 1
            } else if line[start] == UInt8(ascii: "#") {
                waiting.append(
                    WaitingComment(
                        text: line.text(start, line.bytes.count),
                        column: start,
                        hasGap: hasGap
                    )
                )
                hasGap = false
                row += 1
            } else if line.isMarker || (line[0] == UInt8(ascii: "%") && isDocumentStart) {
                try takeMarker()
            } else {
                try takeContent()
            }
        }
        flush(before: nil, indent: levels.first?.indent ?? 0, column: 0, open: levels)
    }

    /// Takes `---`, `...` or a directive.
    private mutating func takeMarker() throws(LayoutFault) {
        let open = levels
        levels = []
        let place = result.count
        var marker = LaidOutLine(indent: 0, body: line.text(0, line.bytes.count))
        if line.isMarker {
            marker.body = line.text(0, 3)
            let rest = line.skippingSpace(3)
            if line.isComment(rest) {
                marker.comment = line.text(rest, line.bytes.count)
            } else if rest < line.bytes.count {
                throw fault("something stands beside the marker of a document")
            }
        }
        result.append(marker)
        flush(before: place, indent: 0, column: 0, open: open)
        isDocumentStart = line.isMarker
        wasSection = false
        row += 1
    }

    /// Takes a line that says something, with all lines that belong to its value.
    private mutating func takeContent() throws(LayoutFault) {
        let open = levels
        let column = line.indentation
        let place = result.count
        // Handed over and back, so that there is one copy of the result at a time.
        var handed = LayoutWriter([])
        swap(&handed, &self)
        var entry = try EntryReader(writer: consume handed)
        try entry.read()
        self = (consume entry).done()
        let isOutermost = levels.count == 1 && result[place].indent == 0
        let isSection = isOutermost && result[place].body.last == UInt8(ascii: ":")
        let wantsGap = isOutermost && !isDocumentStart && (isSection || wasSection)
        let indent = result[place].indent
        flush(before: place, indent: indent, column: column, open: open, wantsGap: wantsGap)
        if isOutermost { wasSection = isSection }
        isDocumentStart = false
    }

    /// Puts the comments that waited before a line.
    ///
    /// - Parameters:
    ///   - place: The line; `nil` at the end of the text.
    ///   - indent: Where it begins in the result.
    ///   - column: Where it began in the source.
    ///   - open: What was open before it.
    ///   - wantsGap: Whether it begins a section, so that an empty line stands before it.
    private mutating func flush(
        before place: Int?,
        indent: Int,
        column: Int,
        open: [Level],
        wantsGap: Bool = false
    ) {
        var comments = waiting.map { comment in
            // A comment that stands deeper belongs to what was open there.
            let deeper = open.last { $0.column <= comment.column }
            let isDeeper = comment.column > column && deeper.map { $0.column > column } ?? false
            return LaidOutLine(
                indent: isDeeper ? deeper?.indent ?? indent : indent,
                body: [],
                comment: comment.text,
                hasGap: comment.hasGap
            )
        }
        if let place {
            result[place].hasGap = hasGap
            if wantsGap {
                // Comments right above a section are about it.
                var first = comments.count
                var isOpen = !hasGap
                while isOpen, first > 0, comments[first - 1].indent == indent {
                    first -= 1
                    isOpen = !comments[first].hasGap
                }
                if first == comments.count {
                    result[place].hasGap = true
                } else {
                    comments[first].hasGap = true
                }
            }
            result.insert(contentsOf: comments, at: place)
        } else {
            result += comments
        }
        waiting = []
        hasGap = false
    }

    /// The level of an entry at a column, opened if need be.
    mutating func enter(_ column: Int, isSequence: Bool) -> Level {
        while let last = levels.last,
            last.column > column || (last.column == column && last.isSequence && !isSequence)
        {
            levels.removeLast()
        }
        if let last = levels.last, last.column == column, last.isSequence == isSequence {
            return last
        }
        let indent = levels.last.map { $0.indent + DocumentFormat.levelSpaces } ?? 0
        let level = Level(column: column, isSequence: isSequence, indent: indent)
        levels.append(level)
        return level
    }
}
