import GraphModel

/// Reads the documents of one file, with a place for every value and limits before expansion.
///
/// A syntax fault ends the file (nothing after it can be trusted); duplicate keys and the like are
/// collected.
struct DocumentParser {
    /// Most duplicate keys of a file that are told.
    private static let duplicatesMax = 100

    private let file: String
    private let limits: DocumentLimits
    private(set) var diagnostics: [Diagnostic] = []
    var tape = DocumentTape()
    /// Words of all files; the parser has them while it reads.
    var words: WordTable
    /// Whether a part of the file was left out, so that what it declares is not known.
    var hasUnreadPart = false
    /// Collections that are being read, the outermost first.
    var stack: [Frame] = []
    /// What aliases of the document can stand for.
    var anchors: [String: Anchored] = [:]
    private var valueCount = 0
    /// Whether nothing more is read.
    var isOver = false
    /// Whether the last event has made an entry of a section whole, and where its key stands.
    var isEntryWhole = false
    var entryKey: DocumentTape.Value = 0

    /// A value that an alias can stand for.
    struct Anchored {
        let value: DocumentTape.Value
        let count: Int
        let depth: Int
    }

    /// A sequence or mapping that is being read.
    struct Frame {
        let value: DocumentTape.Value
        let isMapping: Bool
        let countBefore: Int
        let anchor: String?
        var expectsKey: Bool
        /// Deepest nesting below, this one counted.
        var depth = 1
    }

    init(file: String, limits: DocumentLimits, words: WordTable) {
        self.file = file
        self.limits = limits
        self.words = words
    }

    /// Reads a file's text.
    ///
    /// - Parameters:
    ///   - bytes: The file's bytes.
    ///   - file: The name that diagnostics give it.
    ///   - limits: How much is taken.
    ///   - words: The table of words, added to.
    /// - Returns: The parser with all that it read; no roots after a syntax fault.
    static func parse(
        _ bytes: [UInt8],
        file: String,
        limits: DocumentLimits = DocumentLimits(),
        words: inout WordTable
    ) -> DocumentParser {
        // The table goes in and comes back, so that there is never a second one.
        var parser = DocumentParser(file: file, limits: limits, words: words)
        words = .none
        defer { words = parser.takeWords() }
        let limit = limits.fileBytesMax
        let faults = TextRules.faults(in: bytes, file: file, fileBytesMax: limit)
        for fault in faults { parser.end(fault) }
        guard faults.isEmpty else { return parser }
        parser.read(bytes)
        if parser.tape.roots.isEmpty, parser.diagnostics.isEmpty { parser.reportEmpty(at: nil) }
        return parser
    }

    private mutating func takeWords() -> WordTable {
        let taken = words
        words = .none
        return taken
    }

    private mutating func read(_ bytes: [UInt8]) {
        // About what text of a graph needs; a page of comments needs less.
        tape.cells.reserveCapacity(bytes.count / 9)
        tape.texts.reserveCapacity(bytes.count / 3)
        // A byte order mark is no text: libyaml would count it as a column.
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        unsafe bytes.withUnsafeBufferPointer { buffer in
            var stream = unsafe EventStream(over: UnsafeBufferPointer(rebasing: buffer[start...]))
            do throws(EventStream.Fault) {
                while !isOver, try take(&stream) {}
            } catch {
                report(error, bytes)
            }
        }
    }

    /// Takes an event; `false` at the end.
    mutating func take(
        _ stream: inout EventStream
    ) throws(EventStream.Fault) -> Bool {
        let kind = try stream.next()
        switch kind {
        case .scalar: takeScalar(stream)
        case .mappingStart, .sequenceStart: open(kind, stream)
        case .mappingEnd, .sequenceEnd: close()
        case .alias: takeAlias(stream.name(of: kind) ?? "", at: stream.place)
        case .documentStart: anchors = [:]
        case .documentEnd: break
        case .streamEnd: return false
        }
        return true
    }

    private mutating func takeScalar(_ stream: borrowing EventStream) {
        let place = stream.place
        let tag = stream.tag(of: .scalar)
        if let tag, !takeTag(tag, of: .scalar, at: place) { return }
        let isPlain = tag == nil ? stream.isPlain : tag != CoreTag.text && tag != CoreTag.none
        let isKey = isAtKey
        let anchor = stream.name(of: .scalar)
        let value = DocumentTape.Value(tape.cells.count)
        if let anchor { anchors[anchor] = Anchored(value: value, count: 1, depth: 0) }
        var cell = DocumentTape.Cell(
            place: place,
            start: Int32(tape.texts.count),
            kind: isPlain ? .plain : .quoted
        )
        // A key is a part of its mapping's value, not one of its own.
        if isKey {
            cell.word = stream.word(in: &words)
            if cell.word == Vocabulary.merge, !isPlain { cell.word = words.word(of: "\"<<\"") }
        } else {
            count(1, at: place)
        }
        if !isKey || anchor != nil {
            stream.append(to: &tape.texts)
            cell.count = Int32(tape.texts.count) - cell.start
        }
        tape.cells.append(cell)
        isKey ? addKey(cell.word) : finish(value)
    }

    // MARK: - Collections

    private mutating func open(_ kind: EventStream.Kind, _ stream: borrowing EventStream) {
        let place = stream.place
        if stack.count >= limits.depthMax { return reportDepth(at: place) }
        if isAtKey { return reportKey(at: place) }
        if let tag = stream.tag(of: kind), !takeTag(tag, of: kind, at: place) { return }
        let countBefore = valueCount
        count(1, at: place)
        let isMapping = kind == .mappingStart
        stack.append(
            Frame(
                value: DocumentTape.Value(tape.cells.count),
                isMapping: isMapping,
                countBefore: countBefore,
                anchor: stream.name(of: kind),
                expectsKey: isMapping
            )
        )
        tape.cells.append(
            DocumentTape.Cell(
                place: SourcePlace(line: Int(place.line), column: Int(place.column), length: 1),
                kind: isMapping ? .mapping : .sequence
            )
        )
    }

    private mutating func close() {
        guard let frame = stack.popLast() else { return }
        tape.cells[Int(frame.value)].count = Int32(tape.cells.count) - frame.value
        if frame.isMapping { checkKeys(of: frame.value) }
        if let anchor = frame.anchor {
            anchors[anchor] = Anchored(
                value: frame.value,
                count: valueCount - frame.countBefore,
                depth: frame.depth
            )
        }
        if let last = stack.indices.last {
            stack[last].depth = max(stack[last].depth, frame.depth + 1)
        }
        finish(frame.value)
    }

    private mutating func takeAlias(_ name: String, at place: SourcePlace) {
        guard let anchored = anchors[name] else { return reportAlias(name, at: place) }
        if isAtKey {
            guard tape.isScalar(anchored.value) else { return reportKey(at: place) }
            var cell = DocumentTape.Cell(place: place, kind: .plain)
            cell.word = words.word(of: tape.bytes(anchored.value))
            tape.cells.append(cell)
            return addKey(cell.word)
        }
        count(anchored.count, at: place)
        if stack.count + anchored.depth > limits.depthMax { return reportDepth(at: place) }
        if let last = stack.indices.last {
            stack[last].depth = max(stack[last].depth, anchored.depth + 1)
        }
        tape.cells.append(
            DocumentTape.Cell(place: place, start: anchored.value, count: 1, kind: .alias)
        )
        finish(DocumentTape.Value(tape.cells.count - 1))
    }

    /// Whether a mapping waits for its next key.
    private var isAtKey: Bool { stack.indices.last.map { stack[$0].expectsKey } ?? false }

    private mutating func addKey(_ word: WordTable.Word) {
        let last = stack.count - 1
        stack[last].expectsKey = false
        if last == 1 { entryKey = DocumentTape.Value(tape.cells.count - 1) }
        if word == Vocabulary.merge { tape.cells[Int(stack[last].value)].isMerging = true }
    }

    /// Puts a whole value where it belongs.
    private mutating func finish(_ value: DocumentTape.Value) {
        guard !isOver else { return }
        if let last = stack.indices.last {
            stack[last].expectsKey = stack[last].isMapping
            if last == 1 { isEntryWhole = true }
        } else if tape.isNull(value) {
            reportEmpty(at: tape.cells[Int(value)].place)
        } else {
            tape.roots.append(value)
        }
    }

    // MARK: - Keys and tags

    /// Reports keys that a mapping has twice, and leaves the second one out.
    private mutating func checkKeys(of mapping: DocumentTape.Value) {
        words.beginMapping()
        var key = mapping + 1
        let end = tape.next(mapping)
        while key < end {
            let word = tape.cells[Int(key)].word
            if !words.isFirst(word) {
                reportDuplicate(word, at: key, in: mapping)
                tape.cells[Int(key)].word = DocumentTape.dropped
            }
            key = tape.next(key + 1)
        }
    }

    private mutating func reportDuplicate(
        _ word: WordTable.Word,
        at key: DocumentTape.Value,
        in mapping: DocumentTape.Value
    ) {
        // Names of a section that is left out are not known; those of an object are few.
        if stack.isEmpty { hasUnreadPart = true }
        guard diagnostics.count < Self.duplicatesMax else { return }
        // Each look for the first one goes through the mapping.
        var first = mapping + 1
        while tape.cells[Int(first)].word != word { first = tape.next(first + 1) }
        diagnostics.append(
            Diagnostic(
                code: "E0103",
                message: "key \"\(words.text(word))\" appears twice",
                mark: tape.cells[Int(key)].place.mark(in: file),
                label: "second",
                related: [
                    Diagnostic.Related(
                        message: "first one is here",
                        mark: tape.cells[Int(first)].place.mark(in: file)
                    )
                ],
                help: [
                    stack.isEmpty
                        ? "put what stands under both below one of them"
                        : "take one of the two out, or give it another name",
                    "readers that accept this keep one of the two without saying which",
                ]
            )
        )
    }

    /// Whether a tag says what the value is anyway, or that it is text.
    private mutating func takeTag(
        _ tag: String,
        of kind: EventStream.Kind,
        at place: SourcePlace
    ) -> Bool {
        if CoreTag.fits(tag, kind) { return true }
        end(
            Diagnostic(
                code: "E0112",
                message: CoreTag.isKnown(tag)
                    ? "the tag \(CoreTag.shown(tag)) does not fit the value that it stands before"
                    : "the tag \(CoreTag.shown(tag)) means nothing here",
                mark: place.mark(in: file),
                label: "tagged",
                help: ["take the tag out: each option knows the type of its value"]
            )
        )
        return false
    }
}

// MARK: - Faults

extension DocumentParser {
    private mutating func end(_ diagnostic: Diagnostic) {
        diagnostics.append(diagnostic)
        tape.roots = []
        hasUnreadPart = true
        isOver = true
    }

    private mutating func count(_ values: Int, at place: SourcePlace) {
        valueCount += values
        guard valueCount > limits.objectsMax, !isOver else { return }
        end(
            Diagnostic(
                code: "E0105",
                message: "the file holds more than \(limits.objectsMax) values, "
                    + "aliases counted as what they stand for",
                mark: place.mark(in: file),
                help: ["split the file, or use fewer aliases"]
            )
        )
    }

    private mutating func reportDepth(at place: SourcePlace) {
        end(
            Diagnostic(
                code: "E0106",
                message: "nested deeper than \(limits.depthMax) levels, the limit",
                mark: place.mark(in: file),
                help: ["give inline children names of their own and refer to them"]
            )
        )
    }

    private mutating func reportKey(at place: SourcePlace) {
        end(
            Diagnostic(
                code: "E0103",
                message: "a key must be text, not a list or a mapping",
                mark: place.mark(in: file),
                help: [
                    "a text that begins with { or [ needs quotes; a template such as {{ name }} "
                        + "has to be filled in before"
                ]
            )
        )
    }

    private mutating func reportAlias(_ name: String, at place: SourcePlace) {
        let isInside = stack.contains { $0.anchor == name }
        end(
            Diagnostic(
                code: isInside ? "E0105" : "E0109",
                message: isInside
                    ? "the alias *\(name) stands inside the value that it names"
                    : "no anchor &\(name) stands before this alias in its document",
                mark: place.mark(in: file),
                suggestions: isInside ? [] : Spelling.near(name, among: Array(anchors.keys)),
                help: isInside
                    ? []
                    : ["to name an object write its name without *; &\(name) makes an anchor"]
            )
        )
    }

    private mutating func reportEmpty(at place: SourcePlace?) {
        diagnostics.append(
            Diagnostic(
                code: "E0108",
                message: "empty file; to declare nothing write `sluice: 1`",
                mark: place?.mark(in: file) ?? SourceMark(file: file, line: 1, column: 1)
            )
        )
    }

    private mutating func report(_ fault: EventStream.Fault, _ bytes: [UInt8]) {
        end(SyntaxFault(fault, file: file).diagnostic(of: bytes))
    }
}
