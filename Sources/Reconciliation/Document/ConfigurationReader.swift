import GraphModel

/// Reads documents into one graph, with the place of everything, and collects all faults.
struct ConfigurationReader {
    /// The only version of the language.
    private static let version = "1"

    /// What was read so far.
    var description = GraphDescription()
    /// Where it was read.
    var marks = GraphMarks()
    /// Findings so far.
    var findings = FindingList()
    /// Objects that were declared, those with faults included.
    var declared: Set<String> = []
    /// Whether a file could not be read to its end, so that what it declares is not known.
    var hasUnreadFile = false
    /// New names of nodes by the former ones that they claim.
    var formerNames: [String: String] = [:]
    /// Limits on what is taken.
    let limits: DocumentLimits
    /// The file that is read.
    var file = ""

    init(limits: DocumentLimits) { self.limits = limits }

    /// Reads a file.
    mutating func read(_ text: ConfigurationText) {
        file = text.path
        let (documents, faults) = DocumentParser.parse(
            text.bytes,
            file: text.path,
            fileBytesMax: limits.fileBytesMax
        )
        for fault in faults { findings.add(fault) }
        // Duplicate keys leave the rest of a file readable; everything else does not.
        if documents.isEmpty { hasUnreadFile = true }
        for (place, document) in documents.enumerated() {
            read(document.root, isFirst: place == 0)
        }
    }

    private mutating func read(_ root: DocumentValue, isFirst: Bool) {
        guard case .mapping(let entries) = root.content else {
            findings.error(
                "E0204",
                "a configuration is a mapping that begins with sluice: 1",
                at: root.place.mark(in: file)
            )
            hasUnreadFile = true
            return
        }
        checkVersion(entries, root, isFirst: isFirst)
        for entry in entries where entry.key != "sluice" && !entry.key.hasPrefix("x-") {
            guard let kind = ObjectKind.allCases.first(where: { $0.section == entry.key }) else {
                findings.error(
                    "E0201",
                    "unknown section \"\(entry.key)\"",
                    at: entry.keyPlace.mark(in: file),
                    label: "no such section",
                    suggestions: Spelling.near(
                        entry.key,
                        among: ObjectKind.allCases.map(\.section) + ["sluice"]
                    ),
                    help: ["keys that begin with x- are free for notes and anchors"]
                )
                continue
            }
            readSection(kind, entry.value)
        }
    }

    private mutating func checkVersion(
        _ entries: [DocumentEntry],
        _ root: DocumentValue,
        isFirst: Bool
    ) {
        guard let entry = entries.first(where: { $0.key == "sluice" }) else {
            let start = SourceMark(file: file, line: 1, column: 1, length: 1)
            findings.error(
                "E0110",
                "the format version is missing",
                at: isFirst ? start : root.place.mark(in: file),
                suggestions: ["sluice: \(Self.version)"],
                help: ["every document begins with sluice: \(Self.version)"]
            )
            return
        }
        if case .scalar(Self.version, true) = entry.value.content { return }
        findings.error(
            "E0110",
            "this is not a format version that can be read",
            at: mark(entry.value),
            label: "expected \(Self.version)",
            suggestions: [Self.version]
        )
    }

    private mutating func readSection(_ kind: ObjectKind, _ value: DocumentValue) {
        if value.isNull { return }
        guard case .mapping(let entries) = value.content else {
            findings.error(
                "E0204",
                "\"\(kind.section)\" wants a mapping of names to \(kind.title)s",
                at: mark(value)
            )
            return
        }
        for entry in entries where !entry.key.hasPrefix("x-") {
            let keyMark = entry.keyPlace.mark(in: file)
            if let fault = ObjectName.fault(in: entry.key) {
                findings.error(
                    "E0207",
                    "\(kind.title) name \"\(entry.key)\" \(fault)",
                    at: keyMark,
                    help: ["a name is a letter, then letters, digits, -, _ and ."]
                )
                continue
            }
            guard declare(kind, entry.key, at: keyMark) else { continue }
            if kind == .node {
                readNode(entry.key, entry.value, keyMark: keyMark)
            } else {
                readService(kind, entry.key, entry.value, keyMark: keyMark)
            }
        }
    }

    /// Where a value stands by which its object says it.
    func mark(_ value: DocumentValue) -> SourceMark {
        (value.alias ?? value.place).mark(in: file)
    }

    /// Notes an object; `false` when there is one of this name.
    mutating func declare(_ kind: ObjectKind, _ name: String, at mark: SourceMark) -> Bool {
        let object = kind.object(name)
        guard declared.insert(object).inserted else {
            findings.error(
                "E0301",
                "\(kind.title) \(name) is declared twice",
                at: mark,
                label: "second",
                related: [
                    Diagnostic.Related(
                        message: "first one is here, in \(marks.objects[object]?.file ?? "")",
                        mark: marks.objects[object]
                    )
                ],
                help: [
                    "an inline child is named after its parent and its slot: \"parent.child\""
                ]
            )
            return false
        }
        marks.objects[object] = mark
        return true
    }

    private mutating func readService(
        _ kind: ObjectKind,
        _ name: String,
        _ value: DocumentValue,
        keyMark: SourceMark
    ) {
        guard let schema = ObjectSchema.services[kind] else { return }
        let entries: [DocumentEntry]
        if case .mapping(let found) = value.content {
            entries = found
        } else if value.isNull {
            entries = []
        } else {
            findings.error(
                "E0204",
                "\(kind.title) \(name) wants a mapping",
                at: mark(value)
            )
            return
        }
        var reader = ValueReader(file: file, title: "\(kind.title) \(name)", findings: findings)
        let options = reader.readOptions(
            entries,
            schema,
            keyMark: keyMark,
            owner: kind.titleWithArticle
        )
        findings = reader.findings
        marks.values[kind.object(name)] = reader.marks
        guard let options else { return }
        add(kind, name, options)
    }

    private mutating func add(_ kind: ObjectKind, _ name: String, _ options: Options) {
        switch kind {
        case .ioThread:
            description.ioThreads[name] = IOThreadDescription(name: name, options: options)
        case .throttleGroup:
            let group = ThrottleGroupDescription(name: name, limits: options)
            description.throttleGroups[name] = group
            report(Catalog.check(group), on: kind, name)
        case .listener:
            description.listeners[name] = ListenerDescription(name: name, options: options)
        case .export:
            var options = options
            let (type, node) = (options.text("type"), options.text("node"))
            let listener = options.text("listener")
            for key in ["type", "node", "listener"] { options[key] = nil }
            if options["name"] == nil { options["name"] = .text(name) }
            description.exports[name] = ExportDescription(
                name: name,
                type: type ?? "",
                node: node ?? "",
                listener: listener ?? "",
                options: options
            )
        case .node: break
        }
    }

    /// Reports faults between options.
    mutating func report(_ faults: [OptionFault], on kind: ObjectKind, _ name: String) {
        for fault in faults {
            findings.error(
                "E0208",
                "\(kind.title) \(name): \(fault.message)",
                at: marks.mark(kind.object(name), fault.path),
                help: [fault.help]
            )
        }
    }
}

extension ValueReader {
    /// Reads the options of an object that has nothing else; `nil` when something is wrong.
    fileprivate mutating func readOptions(
        _ entries: [DocumentEntry],
        _ schema: ObjectSchema,
        keyMark: SourceMark,
        owner: String
    ) -> Options? {
        var options = schema.defaults
        var given: Set<String> = []
        var isComplete = true
        for entry in entries where !entry.key.hasPrefix("x-") {
            guard case .option(let place)? = schema.fields[entry.key] else {
                reportUnknown(entry, among: Array(schema.fields.keys), in: "", owner: owner)
                isComplete = false
                continue
            }
            given.insert(entry.key)
            if let value = read(schema.options[place].kind, entry.value, path: entry.key) {
                options[entry.key] = value
            } else if !isNothing(schema.options[place].kind, entry.value) {
                isComplete = false
            }
        }
        return reportMissing(schema, given: given, keyMark: keyMark)
            ? nil : isComplete ? options : nil
    }

    /// Reports options that have to be there and are not; says whether there are any.
    mutating func reportMissing(
        _ schema: ObjectSchema,
        given: Set<String>,
        keyMark: SourceMark
    ) -> Bool {
        var isMissing = false
        for option in schema.options where option.isRequired && !given.contains(option.key) {
            findings.error(
                "E0202",
                "\(title): \"\(option.key)\" is missing: \(option.kind.expectation)",
                at: keyMark,
                label: "needs \(option.key)"
            )
            isMissing = true
        }
        return isMissing
    }
}
