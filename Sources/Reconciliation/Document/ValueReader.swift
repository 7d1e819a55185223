import GraphModel

/// Types the values of one object by their specifications, and reports what does not fit.
struct ValueReader {
    /// Longest text of an option, in bytes.
    static let textBytesMax = 4_096

    /// The file that is read.
    let file: String
    /// The object for messages: `node disk`.
    let title: String
    /// Findings so far.
    var findings: FindingList
    /// Places of the values that were read, by path.
    var marks: [String: SourceMark] = [:]

    /// Where a value stands by which its object says it.
    func mark(_ value: DocumentValue) -> SourceMark {
        (value.alias ?? value.place).mark(in: file)
    }

    /// Reads a value; `nil` when it was reported, or says nothing.
    mutating func read(
        _ kind: OptionKind,
        _ value: DocumentValue,
        path: String
    ) -> OptionValue? {
        marks[path] = mark(value)
        switch kind {
        case .list(let element): return readList(of: element, value, path: path)
        case .mapping(let options):
            return readMapping(options, value, path: path).map { .mapping($0) }
        case .flagOrMapping(let options):
            if case .mapping = value.content {
                return readMapping(options, value, path: path).map { .mapping($0) }
            }
            guard let flag = readScalar(.flag, value, path: path) else { return nil }
            // Not wished is the same as not said.
            return flag == .flag(false) ? nil : flag
        case .variant(let key, let cases):
            return readVariant(key, cases, value, path: path).map { .mapping($0) }
        default: return readScalar(kind, value, path: path)
        }
    }

    private mutating func readList(
        of element: OptionKind,
        _ value: DocumentValue,
        path: String
    ) -> OptionValue? {
        guard case .sequence(let values) = value.content else {
            reportType(.list(element), value, path: path)
            return nil
        }
        var read: [OptionValue] = []
        var isComplete = true
        for (place, value) in values.enumerated() {
            if let element = self.read(element, value, path: "\(path).\(place)") {
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
        _ value: DocumentValue,
        path: String
    ) -> Options? {
        guard case .mapping(let entries) = value.content else {
            reportType(.mapping(options), value, path: path)
            return nil
        }
        var found = Options()
        var given: Set<String> = []
        var isComplete = true
        for entry in entries where !entry.key.hasPrefix("x-") {
            guard let option = options.first(where: { $0.key == entry.key }) else {
                reportUnknown(entry, among: options.map(\.key), in: path)
                isComplete = false
                continue
            }
            given.insert(entry.key)
            if let read = read(option.kind, entry.value, path: "\(path).\(entry.key)") {
                found[entry.key] = read
            } else if !isNothing(option.kind, entry.value) {
                isComplete = false
            }
        }
        for option in options where !given.contains(option.key) {
            if let value = option.defaultValue { found[option.key] = value }
            guard option.isRequired else { continue }
            findings.error(
                "E0202",
                "\(title): \"\(path)\" needs \"\(option.key)\": \(option.kind.expectation)",
                at: mark(value),
                label: "\(option.key) is missing"
            )
            isComplete = false
        }
        return isComplete ? found : nil
    }

    private mutating func readVariant(
        _ key: String,
        _ cases: [OptionVariant],
        _ value: DocumentValue,
        path: String
    ) -> Options? {
        guard case .mapping(let entries) = value.content else {
            reportType(.variant(key: key, cases: cases), value, path: path)
            return nil
        }
        let words = OptionKind.choice(cases.map(\.word))
        guard let entry = entries.first(where: { $0.key == key }) else {
            findings.error(
                "E0202",
                "\(title): \"\(path)\" needs \"\(key)\": \(words.expectation)",
                at: mark(value),
                label: "\(key) is missing"
            )
            return nil
        }
        guard case .text(let word)? = read(words, entry.value, path: "\(path).\(key)"),
            let shape = cases.first(where: { $0.word == word })
        else { return nil }
        let specification = OptionSpecification(key, words, isRequired: true)
        return readMapping([specification] + shape.options, value, path: path)
    }

    /// Whether a value was read and says that nothing is wished.
    func isNothing(_ kind: OptionKind, _ value: DocumentValue) -> Bool {
        guard case .flagOrMapping = kind, case .scalar(let text, true) = value.content else {
            return false
        }
        return ScalarText.flag(text) == false
    }
}

// MARK: - Scalars

extension ValueReader {
    private mutating func readScalar(
        _ kind: OptionKind,
        _ value: DocumentValue,
        path: String
    ) -> OptionValue? {
        guard case .scalar(let text, let isPlain) = value.content, !value.isNull else {
            reportType(kind, value, path: path)
            return nil
        }
        switch kind {
        case .text:
            guard text.utf8.count <= Self.textBytesMax, !text.utf8.contains(0) else {
                findings.error(
                    "E0205",
                    "\(title): \"\(path)\" is longer than \(Self.textBytesMax) bytes, or has a NUL",
                    at: mark(value)
                )
                return nil
            }
            return .text(text)
        case .reference: return .text(text)
        case .choice(let words):
            if words.contains(text) { return .text(text) }
            findings.error(
                "E0206",
                "\(title): \"\(path)\" cannot be \"\(text)\"",
                at: mark(value),
                label: "expected \(kind.expectation)",
                suggestions: Spelling.near(text, among: words)
            )
            return nil
        case .flag: return readFlag(text, isPlain: isPlain, value, path: path)
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
            guard isPlain, let number = Double(text), range.contains(number) else {
                reportType(kind, value, path: path)
                return nil
            }
            return .fraction(number)
        case .list, .mapping, .flagOrMapping, .variant:
            reportType(kind, value, path: path)
            return nil
        }
    }

    private mutating func readFlag(
        _ text: String,
        isPlain: Bool,
        _ value: DocumentValue,
        path: String
    ) -> OptionValue? {
        if isPlain, let flag = ScalarText.flag(text) { return .flag(flag) }
        let meant = ScalarText.meantFlag(text)
        findings.error(
            "E0204",
            "\(title): \"\(path)\" wants true or false",
            at: mark(value),
            label: isPlain ? "text in YAML 1.2" : "text in quotes",
            suggestions: meant.map { [$0] } ?? [],
            help: meant.map { ["write \($0)"] } ?? []
        )
        return nil
    }

    private mutating func readNumber(
        _ number: Int64?,
        _ range: ClosedRange<Int64>,
        _ kind: OptionKind,
        _ value: DocumentValue,
        _ path: String
    ) -> OptionValue? {
        guard let number else {
            reportType(kind, value, path: path)
            return nil
        }
        guard range.contains(number) else {
            findings.error(
                "E0205",
                "\(title): \"\(path)\" is out of range",
                at: mark(value),
                label: range.upperBound == .max
                    ? "must be at least \(range.lowerBound)"
                    : "must be from \(range.lowerBound) to \(range.upperBound)"
            )
            return nil
        }
        return .integer(number)
    }

    private mutating func reportType(_ kind: OptionKind, _ value: DocumentValue, path: String) {
        var label = "a mapping"
        var suggestions: [String] = []
        switch value.content {
        case .mapping: break
        case .sequence: label = "a list"
        case .scalar(let text, let isPlain):
            label = value.isNull ? "nothing" : ScalarText.kind(of: text, isPlain: isPlain)
            suggestions = suggestion(for: kind, text)
        }
        findings.error(
            "E0204",
            "\(title): \"\(path)\" wants \(kind.expectation)",
            at: mark(value),
            label: label,
            suggestions: suggestions
        )
    }

    private func suggestion(for kind: OptionKind, _ text: String) -> [String] {
        switch kind {
        case .size: ScalarText.meantSize(text).map { [$0] } ?? []
        case .duration: ScalarText.integer(text).map { ["\($0)s", "\($0)ms"] } ?? []
        case .integer: ScalarText.integer(text).map { [String($0)] } ?? []
        case .errorNumber: Spelling.near(text, among: ErrorNumber.named.map(\.name))
        case .list: text.isEmpty ? [] : ["[\(text)]"]
        default: []
        }
    }

    /// Reports a key that means nothing.
    mutating func reportUnknown(
        _ entry: DocumentEntry,
        among known: [String],
        in path: String,
        owner: String = ""
    ) {
        let place = path.isEmpty ? "" : " in \"\(path)\""
        findings.error(
            "E0201",
            "\(title): unknown field \"\(entry.key)\"\(place)",
            at: entry.keyPlace.mark(in: file),
            label: owner.isEmpty ? "no such field" : "not a field of \(owner)",
            suggestions: Spelling.near(entry.key, among: known),
            help: owner.hasPrefix("driver ")
                ? ["all fields: sluice drivers \(owner.dropFirst(7))"] : []
        )
    }
}
