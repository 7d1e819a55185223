package import GraphModel

/// Reads the documents of one file, with a place for every value and limits before expansion.
///
/// A syntax fault ends the file (nothing after it can be trusted); duplicate keys and the like are
/// collected.
package struct DocumentParser {
    /// Deepest nesting of sequences and mappings.
    package static let depthMax = 32
    /// Most values in one file, aliases counted as what they stand for.
    package static let valuesMax = 100_000

    private let file: String
    private var diagnostics: [Diagnostic] = []
    private var documents: [Document] = []
    private var stack: [Frame] = []
    private var anchors: [String: Anchored] = [:]
    private var valueCount = 0
    private var isOver = false

    /// A value that an alias can stand for.
    private struct Anchored {
        let value: DocumentValue
        let count: Int
        let depth: Int
    }

    /// A sequence or mapping that is being read.
    private struct Frame {
        let isMapping: Bool
        let place: Place
        let anchor: String?
        let countBefore: Int
        var values: [DocumentValue] = []
        var entries: [DocumentEntry] = []
        var key: (text: String, place: Place)?
        var merges: [(place: Place, value: DocumentValue)] = []
        /// Deepest nesting below, this one counted.
        var depth = 1
    }

    private init(file: String) { self.file = file }

    /// Reads a file's text.
    ///
    /// - Parameters:
    ///   - bytes: The file's bytes.
    ///   - file: The name that diagnostics give it.
    ///   - fileBytesMax: Largest file in bytes.
    /// - Returns: Its documents, and what is wrong with it.
    package static func parse(
        _ bytes: [UInt8],
        file: String,
        fileBytesMax: Int = 1 << 20
    ) -> (documents: [Document], diagnostics: [Diagnostic]) {
        if let fault = TextRules.fault(in: bytes, file: file, fileBytesMax: fileBytesMax) {
            return ([], [fault])
        }
        var parser = DocumentParser(file: file)
        // A byte order mark is no text: libyaml would count it as a column.
        let hasMark = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        let text = hasMark ? Array(bytes.dropFirst(3)) : bytes
        parser.read(EventStream(bytes: text), text)
        if parser.documents.isEmpty, parser.diagnostics.isEmpty { parser.reportEmpty(at: nil) }
        return (parser.documents, parser.diagnostics)
    }

    private mutating func read(_ stream: consuming EventStream, _ bytes: [UInt8]) {
        do {
            while !isOver {
                let item = try stream.next()
                take(item)
                if case .streamEnd = item.event { return }
            }
        } catch {
            report(error, bytes)
        }
    }

    private mutating func take(_ item: EventStream.Item) {
        switch item.event {
        case .documentStart: anchors = [:]
        case .documentEnd, .streamEnd: break
        case .sequenceStart(let anchor): open(isMapping: false, anchor: anchor, at: item.place)
        case .mappingStart(let anchor): open(isMapping: true, anchor: anchor, at: item.place)
        case .sequenceEnd, .mappingEnd: close()
        case .alias(let name): takeAlias(name, at: item.place)
        case .scalar(let text, let isPlain, let anchor):
            // A key is a part of its mapping's value, not one of its own.
            let isKey = stack.last.map { $0.isMapping && $0.key == nil } ?? false
            if !isKey { count(1, at: item.place) }
            let value = DocumentValue(
                content: .scalar(text: text, isPlain: isPlain),
                place: item.place
            )
            if let anchor { anchors[anchor] = Anchored(value: value, count: 1, depth: 0) }
            add(value)
        }
    }

    // MARK: - Collections

    private mutating func open(isMapping: Bool, anchor: String?, at place: Place) {
        if stack.count >= Self.depthMax { return reportDepth(at: place) }
        if isMapping, let frame = stack.last, frame.isMapping, frame.key == nil {
            return reportKey(at: place)
        }
        let countBefore = valueCount
        count(1, at: place)
        stack.append(
            Frame(isMapping: isMapping, place: place, anchor: anchor, countBefore: countBefore)
        )
    }

    private mutating func close() {
        guard let frame = stack.popLast() else { return }
        let content: DocumentValue.Content =
            frame.isMapping ? .mapping(merged(frame)) : .sequence(frame.values)
        let place = Place(line: Int(frame.place.line), column: Int(frame.place.column), length: 1)
        let value = DocumentValue(content: content, place: place)
        if let anchor = frame.anchor {
            anchors[anchor] = Anchored(
                value: value,
                count: valueCount - frame.countBefore,
                depth: frame.depth
            )
        }
        if let last = stack.indices.last {
            stack[last].depth = max(stack[last].depth, frame.depth + 1)
        }
        add(value)
    }

    private mutating func takeAlias(_ name: String, at place: Place) {
        guard let anchored = anchors[name] else {
            let isInside = stack.contains { $0.anchor == name }
            return end(
                Diagnostic(
                    code: isInside ? "E0105" : "E0109",
                    message: isInside
                        ? "the alias *\(name) stands inside the value that it names"
                        : "no anchor &\(name) stands before this alias in its document",
                    mark: place.mark(in: file),
                    suggestions: isInside ? [] : Spelling.near(name, among: Array(anchors.keys))
                )
            )
        }
        count(anchored.count, at: place)
        if stack.count + anchored.depth > Self.depthMax { return reportDepth(at: place) }
        if let last = stack.indices.last {
            stack[last].depth = max(stack[last].depth, anchored.depth + 1)
        }
        var value = anchored.value
        value.alias = place
        add(value)
    }

    private mutating func add(_ value: DocumentValue) {
        guard !isOver else { return }
        guard let last = stack.indices.last else {
            if value.isNull { return reportEmpty(at: value.place) }
            return documents.append(Document(file: file, root: value))
        }
        guard stack[last].isMapping else { return stack[last].values.append(value) }
        guard let key = stack[last].key else {
            guard case .scalar(let text, _) = value.content else {
                return reportKey(at: value.alias ?? value.place)
            }
            stack[last].key = (text, value.alias ?? value.place)
            return
        }
        stack[last].key = nil
        if key.text == "<<" {
            stack[last].merges.append((key.place, value))
        } else {
            stack[last].entries.append(
                DocumentEntry(key: key.text, keyPlace: key.place, value: value)
            )
        }
    }

    // MARK: - Keys

    /// The entries of a mapping, duplicates reported and dropped, merge keys filled in.
    private mutating func merged(_ frame: Frame) -> [DocumentEntry] {
        var entries: [DocumentEntry] = []
        entries.reserveCapacity(frame.entries.count)
        let isLarge = frame.entries.count > 16
        var places: [String: Place] = [:]
        for entry in frame.entries {
            let first =
                isLarge
                ? places[entry.key] : entries.first { $0.key == entry.key }?.keyPlace
            if let first {
                reportDuplicate(entry, first: first)
            } else {
                if isLarge { places[entry.key] = entry.keyPlace }
                entries.append(entry)
            }
        }
        guard !frame.merges.isEmpty else { return entries }
        let own = Set(entries.map(\.key))
        var added: [String: DocumentEntry] = [:]
        for (place, value) in frame.merges {
            for entry in mergeSource(value, at: place) where !own.contains(entry.key) {
                guard let earlier = added[entry.key] else {
                    added[entry.key] = entry
                    entries.append(entry)
                    continue
                }
                guard !sameText(earlier.value, entry.value) else { continue }
                diagnostics.append(
                    Diagnostic(
                        code: "E0111",
                        message: "two merged mappings disagree about \"\(entry.key)\"",
                        mark: entry.keyPlace.mark(in: file),
                        label: "second",
                        related: [
                            Diagnostic.Related(
                                message: "the other one is here",
                                mark: earlier.keyPlace.mark(in: file)
                            )
                        ],
                        help: ["write \"\(entry.key)\" where they are merged"]
                    )
                )
            }
        }
        return entries
    }

    private mutating func mergeSource(_ value: DocumentValue, at place: Place) -> [DocumentEntry] {
        switch value.content {
        case .mapping(let entries): return entries
        case .sequence(let values): return values.flatMap { mergeSource($0, at: place) }
        case .scalar:
            diagnostics.append(
                Diagnostic(
                    code: "E0111",
                    message: "<< merges a mapping, or a list of mappings",
                    mark: (value.alias ?? value.place).mark(in: file),
                    help: ["write <<: *name, where name is an anchor of a mapping"]
                )
            )
            return []
        }
    }

    private func sameText(_ left: DocumentValue, _ right: DocumentValue) -> Bool {
        switch (left.content, right.content) {
        case (.scalar(let one, _), .scalar(let other, _)): one == other
        case (.sequence(let one), .sequence(let other)):
            one.count == other.count && zip(one, other).allSatisfy(sameText)
        case (.mapping(let one), .mapping(let other)):
            one.count == other.count
                && zip(one, other).allSatisfy { $0.key == $1.key && sameText($0.value, $1.value) }
        default: false
        }
    }
}

// MARK: - Faults

extension DocumentParser {
    private mutating func end(_ diagnostic: Diagnostic) {
        diagnostics.append(diagnostic)
        documents = []
        isOver = true
    }

    private mutating func count(_ values: Int, at place: Place) {
        valueCount += values
        guard valueCount > Self.valuesMax, !isOver else { return }
        end(
            Diagnostic(
                code: "E0105",
                message: "the file holds more than \(Self.valuesMax) values, "
                    + "aliases counted as what they stand for",
                mark: place.mark(in: file),
                help: ["split the file, or use fewer aliases"]
            )
        )
    }

    private mutating func reportDepth(at place: Place) {
        end(
            Diagnostic(
                code: "E0106",
                message: "nested deeper than \(Self.depthMax) levels, the limit",
                mark: place.mark(in: file),
                help: ["give inline children names of their own and refer to them"]
            )
        )
    }

    private mutating func reportKey(at place: Place) {
        end(
            Diagnostic(
                code: "E0103",
                message: "a key must be text, not a list or a mapping",
                mark: place.mark(in: file)
            )
        )
    }

    private mutating func reportDuplicate(_ entry: DocumentEntry, first: Place) {
        diagnostics.append(
            Diagnostic(
                code: "E0103",
                message: "key \"\(entry.key)\" appears twice",
                mark: entry.keyPlace.mark(in: file),
                label: "second",
                related: [
                    Diagnostic.Related(
                        message: "first one is here",
                        mark: first.mark(in: file)
                    )
                ],
                help: ["readers that accept this keep one of the two without saying which"]
            )
        )
    }

    private mutating func reportEmpty(at place: Place?) {
        diagnostics.append(
            Diagnostic(
                code: "E0108",
                message: "empty file; to declare nothing write `sluice: 1`",
                mark: place?.mark(in: file) ?? SourceMark(file: file, line: 1, column: 1)
            )
        )
    }

    private mutating func report(_ fault: EventStream.Fault, _ bytes: [UInt8]) {
        if let column = TextRules.indentationTab(in: bytes, line: fault.line) {
            return end(
                Diagnostic(
                    code: "E0102",
                    message: "tab used for indentation",
                    mark: SourceMark(file: file, line: fault.line, column: column, length: 1),
                    label: "tab",
                    help: ["indent with spaces"]
                )
            )
        }
        var related: [Diagnostic.Related] = []
        if let context = fault.context {
            related.append(
                Diagnostic.Related(
                    message: context.text,
                    mark: SourceMark(file: file, line: context.line, column: context.column)
                )
            )
        }
        end(
            Diagnostic(
                code: "E0100",
                message: "this is not YAML: \(fault.problem)",
                mark: SourceMark(file: file, line: fault.line, column: fault.column, length: 1),
                related: related
            )
        )
    }
}
