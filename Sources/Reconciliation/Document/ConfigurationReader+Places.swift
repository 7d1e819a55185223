import GraphModel

extension ConfigurationReader {
    /// What the object that is read is called in messages: `node disk`.
    var title: String { title(of: subject) }

    /// What an object is called in messages: `node disk`.
    func title(of subject: Subject) -> String {
        "\(subject.kind.title) \(words.text(subject.name))"
    }

    /// Where a value stands by which its object says it: an alias, not what it stands for.
    func place(_ value: DocumentTape.Value) -> SourcePlace { tape.cells[Int(value)].place }

    /// Whether a key is a note, free for anything.
    func isNote(_ word: WordTable.Word) -> Bool {
        word >= Vocabulary.texts.count && words.text(word).hasPrefix("x-")
    }

    /// The entries of a mapping; faults of its merge keys are reported.
    mutating func entries(of value: DocumentTape.Value) -> [DocumentEntry] {
        var faults: [DocumentTape.MergeFault] = []
        let entries = tape.entries(value, &faults)
        for fault in faults { report(fault) }
        return entries
    }

    /// The way through a mapping; faults of its merge keys are reported.
    mutating func cursor(of value: DocumentTape.Value) -> EntryCursor {
        var faults: [DocumentTape.MergeFault] = []
        let cursor = tape.cursor(value, &faults)
        for fault in faults { report(fault) }
        return cursor
    }

    /// Reads an entry's value with the aliases by which it came here on the trail.
    mutating func following(
        _ entry: DocumentEntry,
        _ body: (inout ConfigurationReader) -> Void
    ) {
        let depth = trail.count
        if let origin = entry.origin { trail.append(origin) }
        if tape.cells[Int(entry.value)].kind == .alias { trail.append(entry.value) }
        body(&self)
        trail.removeLast(trail.count - depth)
    }

    /// Reports a fault of a value: it stands where the value is written, and a note tells each alias
    /// by which it was used.
    mutating func report(
        _ code: String,
        _ message: String,
        at value: DocumentTape.Value,
        label: String = "",
        related: [Diagnostic.Related] = [],
        suggestions: [String] = [],
        help: [String] = []
    ) {
        let target = tape.target(value)
        var notes = related
        if target != value, trail.last != value { notes.append(note(of: value)) }
        notes += trail.reversed().map(note)
        findings.error(
            code,
            message,
            at: place(target).mark(in: file),
            label: label,
            related: notes,
            suggestions: suggestions,
            help: help
        )
    }

    private func note(of alias: DocumentTape.Value) -> Diagnostic.Related {
        Diagnostic.Related(message: "used here, by an alias", mark: place(alias).mark(in: file))
    }

    private mutating func report(_ fault: DocumentTape.MergeFault) {
        switch fault {
        case .noMapping(let value):
            report(
                "E0111",
                "<< merges a mapping, or a list of mappings",
                at: value,
                help: ["write <<: *name, where name is an anchor of a mapping"]
            )
        case .disagreement(let second, let first):
            let key = words.text(second.word)
            report(
                "E0111",
                "two merged mappings disagree about \"\(key)\"",
                at: second.key,
                label: "second",
                related: [
                    Diagnostic.Related(
                        message: "the other one is here",
                        mark: place(first.key).mark(in: file)
                    )
                ],
                help: ["write \"\(key)\" where they are merged"]
            )
        }
    }

    /// Reports faults between options.
    mutating func report(_ faults: [OptionFault], on object: Subject) {
        for fault in faults {
            findings.error(
                "E0208",
                "\(title(of: object)): \(fault.message)",
                at: names.record(object.kind, object.name).map { marks.mark($0, fault.path) },
                help: [fault.help]
            )
        }
    }

    /// Reports a name that no object can have; `true` when it can.
    mutating func checkName(_ kind: ObjectKind, _ entry: DocumentEntry) -> Bool {
        let name = words.text(entry.word)
        guard let fault = ObjectName.fault(in: name) else { return true }
        let hidden = ObjectName.hiddenCharacter(in: name)
        if hidden == nil, reportHiddenSpace(in: name, at: entry.key) { return false }
        findings.error(
            hidden == nil ? "E0207" : "E0107",
            hidden.map { "\(kind.title) name \"\(name)\" has \(TextRules.name(of: $0)) in it" }
                ?? "\(kind.title) name \"\(name)\" \(fault)",
            at: place(entry.key).mark(in: file),
            label: hidden == nil ? "" : "hidden character",
            suggestions: hidden == nil ? Habits.meant(name: name) : [],
            help: [
                hidden == nil
                    ? "a name is a letter, then letters, digits, -, _ and ."
                    : "delete it; it can hide what the file says"
            ]
        )
        return false
    }

    /// Reports a name that is another one in other scalars.
    mutating func reportSpelling(
        _ kind: ObjectKind,
        _ name: String,
        of otherWord: WordTable.Word,
        at mark: SourceMark?
    ) {
        let other = words.text(otherWord)
        findings.error(
            "E0207",
            "\(kind.title) name \"\(name)\" is spelled with other characters than \"\(other)\", "
                + "which looks the same",
            at: mark,
            label: "composed differently",
            related: [
                Diagnostic.Related(
                    message: "\(other) is declared here",
                    mark: names.record(kind, otherWord).map { marks.mark($0) }
                )
            ],
            help: ["type the name anew in one of the two places"]
        )
    }
}
