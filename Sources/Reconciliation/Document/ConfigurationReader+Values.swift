import GraphModel

extension ConfigurationReader {
    /// Longest text of an option, in bytes.
    private static let textBytesMax = 4_096

    /// Reads a value of the object at hand; `nil` when it was reported, or says nothing.
    mutating func read(
        _ kind: OptionKind,
        _ value: DocumentTape.Value,
        path: GraphMarks.Path
    ) -> OptionValue? {
        marks.add(path, at: place(value))
        switch kind {
        case .list(let element): return readList(of: element, value, path: path)
        case .oneOrMore(let element):
            if tape.kind(value) == .sequence { return readSet(of: element, value, path: path) }
            guard tape.isScalar(value), !tape.isNull(value) else {
                reportType(kind, value, path: path)
                return nil
            }
            return readScalar(element, value, path: path)
        case .mapping(let options):
            return readMapping(options, value, path: path).map { .mapping($0) }
        case .flagOrMapping(let options):
            if tape.kind(value) == .mapping {
                return readMapping(options, value, path: path).map { .mapping($0) }
            }
            guard tape.isScalar(value), !tape.isNull(value) else {
                reportType(kind, value, path: path)
                return nil
            }
            let flag = readFlag(kind, tape.text(value), value, path)
            // Not wished is the same as not said.
            return flag == .flag(false) ? nil : flag
        case .variant(let key, let cases):
            return readVariant(key, cases, value, path: path).map { .mapping($0) }
        default: return readScalar(kind, value, path: path)
        }
    }

    private mutating func readList(
        of element: OptionKind,
        _ value: DocumentTape.Value,
        path: GraphMarks.Path
    ) -> OptionValue? {
        guard tape.kind(value) == .sequence else {
            reportType(.list(element), value, path: path)
            return nil
        }
        var read: [OptionValue] = []
        var isComplete = true
        for (place, value) in tape.elements(value).enumerated() {
            let inner = self.path(path, place: place)
            if let element = self.read(element, value, path: inner) {
                read.append(element)
            } else {
                isComplete = false
            }
        }
        guard isComplete else { return nil }
        if case .choice(let words) = element {
            // A set: order and repetition mean nothing.
            return .list(words.filter { read.contains(.text($0)) }.map { .text($0) })
        }
        return .list(read)
    }

    private mutating func readMapping(
        _ options: [OptionSpecification],
        _ value: DocumentTape.Value,
        path: GraphMarks.Path
    ) -> Options? {
        guard tape.kind(value) == .mapping else {
            reportType(.mapping(options), value, path: path)
            return nil
        }
        var found = Options(capacity: options.count)
        var said: UInt64 = 0
        var misspelled: Set<String> = []
        var isComplete = true
        var cursor = cursor(of: value)
        while let entry = tape.next(&cursor) {
            if isNote(entry.word) { continue }
            let key = words.text(entry.word)
            guard let place = options.firstIndex(where: { $0.key == key }) else {
                misspelled.formUnion(reportUnknown(entry, among: options.map(\.key), in: path))
                isComplete = false
                continue
            }
            said |= 1 << UInt64(place)
            let kind = options[place].kind
            if let read = read(kind, entry.value, path: self.path(path, key: entry.word)) {
                found[key] = read
            } else if !isNothing(kind, entry.value) {
                isComplete = false
            }
        }
        for (place, option) in options.enumerated() where said >> UInt64(place) & 1 == 0 {
            if let value = option.defaultValue { found[option.key] = value }
            guard option.isRequired else { continue }
            isComplete = false
            if misspelled.contains(option.key) { continue }
            report(
                "E0202",
                "\(title): \"\(marks.text(of: path))\" needs \"\(option.key)\": "
                    + option.kind.expectation,
                at: value,
                label: "\(option.key) is missing"
            )
        }
        return isComplete ? found : nil
    }

    private mutating func readVariant(
        _ key: String,
        _ cases: [OptionVariant],
        _ value: DocumentTape.Value,
        path: GraphMarks.Path
    ) -> Options? {
        guard tape.kind(value) == .mapping else {
            reportType(.variant(key: key, cases: cases), value, path: path)
            return nil
        }
        let choice = OptionKind.choice(cases.map(\.word))
        guard let entry = entries(of: value).first(where: { words.text($0.word) == key }) else {
            report(
                "E0202",
                "\(title): \"\(marks.text(of: path))\" needs \"\(key)\": \(choice.expectation)",
                at: value,
                label: "\(key) is missing"
            )
            return nil
        }
        let inner = self.path(path, key: entry.word)
        guard case .text(let word)? = read(choice, entry.value, path: inner),
            let shape = cases.first(where: { $0.word == word })
        else { return nil }
        let specification = OptionSpecification(key, choice, isRequired: true)
        return readMapping([specification] + shape.options, value, path: path)
    }

    /// Whether a value was read and says that nothing is wished.
    func isNothing(_ kind: OptionKind, _ value: DocumentTape.Value) -> Bool {
        guard case .flagOrMapping = kind, tape.kind(value) == .plain else { return false }
        return ScalarText.flag(tape.text(value)) == false
    }

    /// Reports a value of another type than its option's.
    mutating func reportType(
        _ kind: OptionKind,
        _ value: DocumentTape.Value,
        path: GraphMarks.Path
    ) {
        if tape.isScalar(value), reportHiddenSpace(in: tape.text(value), at: value) { return }
        var label = ""
        var suggestions: [String] = []
        switch tape.kind(value) {
        case .mapping: label = "a mapping"
        case .sequence: label = "a list"
        case let written:
            let text = tape.text(value)
            label =
                tape.isNull(value)
                ? "nothing" : ScalarText.kind(of: text, isPlain: written == .plain)
            suggestions = ScalarText.meant(text, for: kind)
        }
        report(
            "E0204",
            "\(title): \"\(marks.text(of: path))\" wants \(kind.expectation)",
            at: value,
            label: label,
            suggestions: suggestions,
            help: help(for: kind, value, path)
        )
    }
}

// MARK: - Help

extension ConfigurationReader {
    /// What to say about a value of another type than its option's.
    private func help(
        for kind: OptionKind,
        _ value: DocumentTape.Value,
        _ path: GraphMarks.Path
    ) -> [String] {
        let key = marks.text(of: path)
        let text = tape.isScalar(value) ? tape.text(value) : ""
        var help = Habits.help(value: text, for: kind, key: key)
        // An option of a node may be one of several drivers.
        if help.isEmpty, subject.kind != .node, tape.isScalar(value),
            let option = Catalog.options(of: subject.kind).first(where: { $0.key == key })
        {
            help = ["\(key): \(option.summary)"]
        }
        return help
    }

    /// Reports what stands where names of nodes have to.
    mutating func reportNoList(_ slot: String, _ countMin: Int, _ value: DocumentTape.Value) {
        let text = tape.isScalar(value) && !tape.isNull(value) ? tape.text(value) : ""
        let isDashed = text.hasPrefix("-")
        let isName = !text.isEmpty && ObjectName.fault(in: text) == nil
        report(
            "E0204",
            "\(title): \"\(slot)\" wants a list of at least \(countMin) "
                + (countMin == 1 ? "node" : "nodes"),
            at: value,
            suggestions: isName ? ["[\(text)]"] : [],
            help: isDashed
                ? ["a dash and a space begin each of a list: - NAME"]
                : ["a list is written \(slot): [NAME, NAME], or with - NAME on lines of their own"]
        )
    }

    /// Warns of a text that somebody put in quotes of a page, which belong to the text.
    private mutating func warnOfQuotes(
        _ text: String,
        _ value: DocumentTape.Value,
        _ path: GraphMarks.Path
    ) {
        guard Habits.hasForeignQuotes(text) else { return }
        findings.add(
            Diagnostic(
                severity: .warning,
                code: "W0204",
                message: "\(title): \"\(marks.text(of: path))\" begins with a quote that is none "
                    + "to YAML, so that it is a part of the text",
                mark: place(tape.target(value)).mark(in: file),
                help: [Habits.quotes]
            )
        )
    }
}

// MARK: - Scalars

extension ConfigurationReader {
    private mutating func readScalar(
        _ kind: OptionKind,
        _ value: DocumentTape.Value,
        path: GraphMarks.Path
    ) -> OptionValue? {
        guard tape.isScalar(value), !tape.isNull(value) else {
            reportType(kind, value, path: path)
            return nil
        }
        if case .reference(let target) = kind {
            return readReference(target, value, path: path).map { .text(words.text($0)) }
        }
        let text = tape.text(value)
        let isPlain = tape.kind(value) == .plain
        switch kind {
        case .text: return readText(text, value, path)
        case .choice(let words):
            if let word = words.first(where: { $0 == text }) { return .text(word) }
            reportWord(text, among: words, kind, value, path)
            return nil
        case .flag: return readFlag(kind, text, value, path)
        case .integer(let range):
            return readNumber(isPlain ? ScalarText.integer(text) : nil, range, kind, value, path)
        case .size(let range):
            return readNumber(ScalarText.size(text), range, kind, value, path)
        case .duration(let range):
            return readNumber(ScalarText.duration(text), range, kind, value, path)
        case .fileMode: return readNumber(ScalarText.fileMode(text), 0...0o777, kind, value, path)
        case .errorNumber:
            let number = ErrorNumber.number(named: text) ?? ScalarText.integer(text)
            return readNumber(number, ErrorNumber.range, kind, value, path)
        case .fraction(let range):
            guard isPlain, let number = ScalarText.fraction(text), range.contains(number) else {
                reportType(kind, value, path: path)
                return nil
            }
            return .fraction(number)
        case .reference, .list, .oneOrMore, .mapping, .flagOrMapping, .variant:
            reportType(kind, value, path: path)
            return nil
        }
    }

    private mutating func readText(
        _ text: String,
        _ value: DocumentTape.Value,
        _ path: GraphMarks.Path
    ) -> OptionValue? {
        let isShort = text.utf8.count <= Self.textBytesMax
        if isShort, !text.utf8.contains(0) {
            if text.utf8.first == 0xE2 { warnOfQuotes(text, value, path) }
            return .text(text)
        }
        report(
            "E0205",
            "\(title): \"\(marks.text(of: path))\" "
                + (isShort ? "has a NUL in it" : "is longer than \(Self.textBytesMax) bytes"),
            at: value
        )
        return nil
    }

    /// Reads the name of an object, which may be declared later.
    mutating func readReference(
        _ kind: ObjectKind,
        _ value: DocumentTape.Value,
        path: GraphMarks.Path
    ) -> WordTable.Word? {
        let word = words.word(of: tape.bytes(value))
        names.refer(to: kind, word, from: subject, path: path)
        return word
    }

    private mutating func reportWord(
        _ text: String,
        among words: [String],
        _ kind: OptionKind,
        _ value: DocumentTape.Value,
        _ path: GraphMarks.Path
    ) {
        if reportHiddenSpace(in: text, at: value) { return }
        report(
            "E0206",
            "\(title): \"\(marks.text(of: path))\" cannot be \"\(text)\"",
            at: value,
            label: "expected \(kind.expectation)",
            suggestions: Habits.word(text, among: words).map { [$0] }
                ?? Spelling.near(text, among: words)
        )
    }

    private mutating func readFlag(
        _ kind: OptionKind,
        _ text: String,
        _ value: DocumentTape.Value,
        _ path: GraphMarks.Path
    ) -> OptionValue? {
        let isPlain = tape.kind(value) == .plain
        if isPlain, let flag = ScalarText.flag(text) { return .flag(flag) }
        if reportHiddenSpace(in: text, at: value) { return nil }
        let meant = ScalarText.meantFlag(text)
        report(
            "E0204",
            "\(title): \"\(marks.text(of: path))\" wants \(kind.expectation)",
            at: value,
            label: !isPlain
                ? "text in quotes"
                : ScalarText.integer(text) == nil ? "text in YAML 1.2" : "a whole number",
            suggestions: meant.map { [$0] } ?? [],
            help: meant.map { ["write \($0)"] } ?? []
        )
        return nil
    }

    private mutating func readNumber(
        _ number: Int64?,
        _ range: ClosedRange<Int64>,
        _ kind: OptionKind,
        _ value: DocumentTape.Value,
        _ path: GraphMarks.Path
    ) -> OptionValue? {
        if let number, range.contains(number) { return .integer(number) }
        var isNumber = number != nil
        // In quotes a whole number is text, however large.
        if !isNumber, tape.kind(value) == .plain {
            isNumber = ScalarText.isTooLarge(tape.text(value), for: kind)
        }
        guard isNumber else {
            reportType(kind, value, path: path)
            return nil
        }
        let (least, most) = (
            ScalarText.shown(range.lowerBound, as: kind),
            ScalarText.shown(range.upperBound, as: kind)
        )
        report(
            "E0205",
            "\(title): \"\(marks.text(of: path))\" is out of range",
            at: value,
            label: range.upperBound == .max
                ? "must be at least \(least)" : "must be from \(least) to \(most)"
        )
        return nil
    }
}
