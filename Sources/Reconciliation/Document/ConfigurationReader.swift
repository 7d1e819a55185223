import GraphModel

/// Reads documents into one graph, with the place of everything, and collects all faults.
struct ConfigurationReader {
    typealias Subject = NameRegister.Subject

    /// The only version of the language.
    private static let version = "1"

    /// What was read so far.
    var description = GraphDescription()
    /// Where it was read.
    var marks = GraphMarks(paths: Vocabulary.texts)
    /// Findings so far.
    var findings = FindingList()
    /// Words of all files.
    var words = Vocabulary.table
    /// Objects that were declared, those with faults included, and what refers to them.
    var names = NameRegister()
    /// Whether a part could not be read, so that what it declares is not known.
    var hasUnreadPart = false
    /// Exports in the order of the files.
    var exports: [ExportNames] = []
    /// The nodes and exports once more, by number.
    var numbered = NumberedGraph()
    /// Nodes that were read before: those that say the same are taken, and need not be kept twice.
    var knownNodes: [String: NodeDescription] = [:]
    /// The only listener of what was read before, if there was one only.
    var knownListener: String?
    /// Names of all that may be otherwise than it was in what was read before.
    var changed = ChangedNames()
    /// Objects in the order of the files; their numbers are those of the marks.
    var declared: [Subject] = []
    /// Names of nodes, by their number in ``numbered``.
    var nodeWords: [WordTable.Word] = []
    /// Names of all nodes' children, in the order of nodes.
    var childNames: [WordTable.Word] = []
    /// Numbers of nodes by name, from 1; 0 for none.
    var nodeNumbers: [Int32] = []
    /// New names of nodes by the former ones that they claim.
    var formerNames: [String: String] = [:]
    /// Nodes that claim a former name.
    var renamed: [WordTable.Word] = []
    /// Nodes that take children of one driver only.
    var choosing: [WordTable.Word] = []
    /// Names of each kind, for suggestions.
    var declaredNames: [ObjectKind: [String]] = [:]
    /// References to nothing so far.
    var danglingCount = 0
    /// Limits on what is taken.
    let limits: DocumentLimits
    /// Absolute directory that relative paths start from; `nil` to leave them as they are.
    let baseDirectory: String?
    /// The file that is read.
    var file = ""
    /// Its values.
    var tape = DocumentTape()
    /// The object that is read.
    var subject = Subject(kind: .node, name: Vocabulary.driver)
    /// Aliases by which the value that is read came here, the outermost first.
    var trail: [DocumentTape.Value] = []
    /// Fields of the object that is read that somebody may have meant with unknown ones: these are
    /// not missed as well.
    var meant: Set<String> = []
    /// Values of the object that is read, by the place of their option.
    var given: [OptionValue?] = []
    /// Numbers of paths inside options, by the paths that they begin with.
    var innerPaths: [InnerPath: GraphMarks.Path] = [:]
    /// What the last object of each schema said, since the next one often says the same.
    var latest = [LatestOptions?](repeating: nil, count: ObjectSchema.count)

    /// A path inside an option: the option's, and a key or a place in a list.
    struct InnerPath: Hashable {
        let outer: GraphMarks.Path
        /// A word, or `-1 - place`.
        let step: Int32
    }

    /// The names that an export uses.
    struct ExportNames {
        let name: WordTable.Word
        let node: WordTable.Word
        let listener: WordTable.Word?
        let publicName: WordTable.Word
        /// Whether it was read before, and has the listener that was the only one then.
        var isKnown = false
    }

    /// Options of an object with the bits of those that its document said.
    struct LatestOptions {
        let said: UInt64
        let options: Options
    }

    init(limits: DocumentLimits, baseDirectory: String? = nil) {
        self.limits = limits
        self.baseDirectory = baseDirectory
    }

    /// Reads a file.
    mutating func read(_ text: ConfigurationText) {
        let documents = DocumentParser.parse(
            text.bytes,
            file: text.path,
            limits: limits,
            words: &words
        )
        file = text.path
        marks.begin(file: text.path)
        for fault in documents.diagnostics { findings.add(fault) }
        // Duplicate keys leave the rest of a file readable; everything else does not.
        if documents.hasUnreadPart || documents.tape.roots.isEmpty { hasUnreadPart = true }
        tape = documents.tape
        readRoots()
    }

    /// Reads what stands on the tape, and takes it off.
    mutating func readRoots() {
        for (place, root) in tape.roots.enumerated() { read(root, isFirst: place == 0) }
        tape = DocumentTape()
    }

    private mutating func read(_ root: DocumentTape.Value, isFirst: Bool) {
        guard tape.kind(root) == .mapping else {
            report(
                "E0204",
                "a configuration is a mapping that begins with sluice: 1",
                at: root,
                help: ["such as sluice: 1, and on lines of their own nodes: and exports:"]
            )
            hasUnreadPart = true
            return
        }
        let entries = entries(of: root)
        var isVersionMeant = false
        for entry in entries where entry.word != Vocabulary.version && !isNote(entry.word) {
            let key = words.text(entry.word)
            guard let kind = ObjectKind.allCases.first(where: { $0.section == key }) else {
                let suggestions = reportSection(key, entry)
                if suggestions.contains("sluice") { isVersionMeant = true }
                continue
            }
            following(entry) { $0.readSection(kind, $0.tape.target(entry.value), entry.value) }
        }
        checkVersion(entries, root, isFirst: isFirst, isMeant: isVersionMeant)
    }

    private mutating func reportSection(_ key: String, _ entry: DocumentEntry) -> [String] {
        // What it would have declared is not known.
        hasUnreadPart = true
        if reportHiddenSpace(in: key, at: entry.key) {
            // What stands there may be what something above is missed for.
            findings.drop("E0202", in: file)
            return [HiddenSpace.stripped(key)]
        }
        let known = ObjectKind.allCases.map(\.section) + ["sluice"]
        let suggestions = key == "version" ? ["sluice"] : Spelling.near(key, among: known)
        let isNode =
            suggestions.isEmpty && tape.kind(entry.value) == .mapping
            && entries(of: entry.value).contains { $0.word == Vocabulary.driver }
        findings.error(
            "E0201",
            "unknown section \"\(key)\"",
            at: place(entry.key).mark(in: file),
            label: "no such section",
            suggestions: suggestions,
            help: (isNode ? ["a node stands under nodes: indent it, and what belongs to it"] : [])
                + [
                    "sections: " + ObjectKind.allCases.map(\.section).joined(separator: ", "),
                    "keys that begin with x- are free for notes and anchors",
                ]
        )
        return suggestions
    }

    private mutating func checkVersion(
        _ entries: [DocumentEntry],
        _ root: DocumentTape.Value,
        isFirst: Bool,
        isMeant: Bool
    ) {
        guard let entry = entries.first(where: { $0.word == Vocabulary.version }) else {
            if isMeant { return }
            let start = SourceMark(file: file, line: 1, column: 1, length: 1)
            findings.error(
                "E0110",
                "the format version is missing",
                at: isFirst ? start : place(root).mark(in: file),
                suggestions: ["sluice: \(Self.version)"],
                help: ["every document begins with sluice: \(Self.version)"]
            )
            return
        }
        if tape.kind(entry.value) == .plain, tape.text(entry.value) == Self.version { return }
        report(
            "E0110",
            "this is not a format version that can be read",
            at: entry.value,
            label: "expected \(Self.version)",
            suggestions: [Self.version],
            help: tape.kind(entry.value) == .quoted ? ["write it without quotes"] : []
        )
    }

    private mutating func readSection(
        _ kind: ObjectKind,
        _ section: DocumentTape.Value,
        _ value: DocumentTape.Value
    ) {
        if tape.isNull(section) { return }
        guard tape.kind(section) == .mapping else {
            hasUnreadPart = true
            report(
                "E0204",
                "\"\(kind.section)\" wants a mapping of names to \(kind.title)s",
                at: value,
                label: tape.kind(section) == .sequence ? "a list" : "no mapping",
                help: ["write each below its name, without a dash: NAME: {...}"]
            )
            return
        }
        var cursor = cursor(of: section)
        while let entry = tape.next(&cursor) {
            if isNote(entry.word) { continue }
            readObject(kind, entry)
        }
    }

    /// Reads an entry of a section that is no note.
    mutating func readObject(_ kind: ObjectKind, _ entry: DocumentEntry) {
        let isNamed = checkName(kind, entry)
        guard declare(kind, entry.word, at: place(entry.key)), isNamed else { return }
        following(entry) { reader in
            reader.subject = Subject(kind: kind, name: entry.word)
            if kind == .node {
                reader.readNode(entry.word, entry.value, keyPlace: reader.place(entry.key))
            } else {
                reader.readService(kind, entry)
            }
        }
    }

    /// Notes an object; `false` when there is one of this name.
    mutating func declare(
        _ kind: ObjectKind,
        _ word: WordTable.Word,
        at place: SourcePlace
    ) -> Bool {
        let name = words.text(word)
        if let record = names.record(kind, word) {
            let first = marks.mark(record)
            findings.error(
                "E0301",
                "\(kind.title) \(name) is declared twice",
                at: place.mark(in: file),
                label: "second",
                related: [
                    Diagnostic.Related(
                        message: "first one is here, in \(first.file)",
                        mark: first
                    )
                ],
                help: [
                    name.contains(".") && kind == .node
                        ? "an inline child is named after its parent and its slot: \"parent.child\""
                        : "take one of them out, or give it another name"
                ]
            )
            return false
        }
        if !name.utf8.allSatisfy({ $0 < 0x80 }), let other = names.spell(kind, word, name) {
            reportSpelling(kind, name, of: other, at: place.mark(in: file))
            return false
        }
        names.declare(kind, word, marks.add(kind, name, at: place))
        declared.append(Subject(kind: kind, name: word))
        return true
    }

    private mutating func readService(_ kind: ObjectKind, _ entry: DocumentEntry) {
        guard let schema = ObjectSchema.services[kind] else { return }
        let value = entry.value
        let isMapping = tape.kind(value) == .mapping
        if !isMapping, !tape.isNull(value) {
            let text = tape.isScalar(value) ? tape.text(value) : ""
            report(
                "E0204",
                "\(title) wants a mapping",
                at: value,
                label: tape.isScalar(value) ? "no mapping" : "a list",
                help: Habits.help(notMapping: text, kind, name: words.text(entry.word))
            )
            return
        }
        beginOptions(schema)
        var said: UInt64 = 0
        var isComplete = true
        var cursor = isMapping ? cursor(of: value) : EntryCursor.empty
        while let entry = tape.next(&cursor) {
            if isNote(entry.word) { continue }
            if case .option(let place)? = schema.field(entry.word) {
                said |= 1 << UInt64(place)
                if !readOption(place, schema, entry) { isComplete = false }
            } else {
                reportUnknown(entry, among: schema.keys, owner: schema.owner)
                isComplete = false
            }
        }
        if reportMissing(schema, said: said, at: place(entry.key)) { isComplete = false }
        guard isComplete else { return forget(said) }
        if kind == .export {
            addExport(entry.word, schema, said: said)
        } else {
            add(kind, entry.word, options(schema, said: said))
        }
    }

    private mutating func add(_ kind: ObjectKind, _ word: WordTable.Word, _ options: Options) {
        let name = words.text(word)
        switch kind {
        case .ioThread:
            description.ioThreads[name] = IOThreadDescription(name: name, options: options)
        case .throttleGroup:
            let group = ThrottleGroupDescription(name: name, limits: options)
            description.throttleGroups[name] = group
            report(Catalog.check(group), on: Subject(kind: kind, name: word))
        case .listener:
            let listener = ListenerDescription(name: name, options: options)
            description.listeners[name] =
                baseDirectory.flatMap { listener.anchored(at: $0) } ?? listener
        case .export, .node: break
        }
    }

    /// Adds an export; what it has as fields is no option of it.
    private mutating func addExport(
        _ word: WordTable.Word,
        _ schema: ObjectSchema,
        said: UInt64
    ) {
        defer { forget(said) }
        let name = words.text(word)
        let type = take(ExportPlaces.type) ?? ""
        let node = take(ExportPlaces.node) ?? ""
        let listener = take(ExportPlaces.listener)
        let publicName = given[ExportPlaces.name].flatMap { value in
            if case .text(let text) = value { text } else { nil }
        }
        given[ExportPlaces.name] = .text(publicName ?? name)
        let export = ExportDescription(
            name: name,
            type: type,
            node: node,
            listener: listener ?? "",
            options: schema.filled(given)
        )
        given[ExportPlaces.name] = nil
        description.exports[name] = export
        exports.append(
            ExportNames(
                name: word,
                node: words.word(of: node),
                listener: listener.map { words.word(of: $0) },
                publicName: publicName.map { words.word(of: $0) } ?? word
            )
        )
    }

    /// Takes a text out of what was said.
    private mutating func take(_ place: Int) -> String? {
        defer { given[place] = nil }
        if case .text(let text)? = given[place] { return text }
        return nil
    }
}

/// Places of some options of an export in its schema.
private enum ExportPlaces {
    static let type = place("type")
    static let node = place("node")
    static let listener = place("listener")
    static let name = place("name")

    private static func place(_ key: String) -> Int {
        guard let place = Catalog.exportOptions.firstIndex(where: { $0.key == key }) else {
            preconditionFailure("an export has no option \(key)")
        }
        return place
    }
}
