import GraphModel

extension ConfigurationReader {
    /// Begins an object of a schema: nothing is said yet.
    mutating func beginOptions(_ schema: ObjectSchema) {
        if !meant.isEmpty { meant = [] }
        if given.count < schema.options.count {
            given = [OptionValue?](repeating: nil, count: 2 * schema.options.count)
        }
    }

    /// Reads the value of an option; `false` when something is wrong with it.
    mutating func readOption(
        _ place: Int,
        _ schema: ObjectSchema,
        _ entry: DocumentEntry
    ) -> Bool {
        // A top-level path has the number of its word.
        let path = entry.word
        var depth = -1
        if entry.origin != nil || tape.cells[Int(entry.value)].kind == .alias {
            depth = trail.count
            if let origin = entry.origin { trail.append(origin) }
            if tape.cells[Int(entry.value)].kind == .alias { trail.append(entry.value) }
        }
        let kind = schema.options[place].kind
        given[place] = read(kind, entry.value, path: path)
        let isGood = given[place] != nil || isNothing(kind, entry.value)
        if depth >= 0 { trail.removeLast(trail.count - depth) }
        return isGood
    }

    /// The options that were read, with defaults; what was said is forgotten.
    mutating func options(_ schema: ObjectSchema, said: UInt64) -> Options {
        defer { forget(said) }
        if said == 0 { return schema.defaults }
        if let latest = latest[schema.number], latest.said == said,
            saysAgain(latest.options, schema, said)
        {
            return latest.options
        }
        let options = schema.filled(given)
        latest[schema.number] = LatestOptions(said: said, options: options)
        return options
    }

    /// Forgets what was said, when it is not used.
    mutating func forget(_ said: UInt64) {
        var rest = said
        while rest != 0 {
            given[rest.trailingZeroBitCount] = nil
            rest &= rest - 1
        }
    }

    /// Whether what was said is what the options say.
    private func saysAgain(_ options: Options, _ schema: ObjectSchema, _ said: UInt64) -> Bool {
        var rest = said
        while rest != 0 {
            let place = rest.trailingZeroBitCount
            if options[schema.options[place].key] != given[place] { return false }
            rest &= rest - 1
        }
        return true
    }

    /// Reports options that have to be there and are not; says whether there are any.
    mutating func reportMissing(
        _ schema: ObjectSchema,
        said: UInt64,
        at key: SourcePlace
    ) -> Bool {
        let missing = schema.required & ~said
        if missing == 0 { return false }
        for (place, option) in schema.options.enumerated()
        where missing >> UInt64(place) & 1 == 1 && !meant.contains(option.key) {
            findings.error(
                "E0202",
                "\(title): \"\(option.key)\" is missing: \(option.kind.expectation)",
                at: key.mark(in: file),
                label: "needs \(option.key)",
                help: Habits.help(missing: option)
            )
        }
        return true
    }

    /// Reports a key that means nothing; says what may have been meant.
    @discardableResult
    mutating func reportUnknown(
        _ entry: DocumentEntry,
        among known: [String],
        in path: GraphMarks.Path? = nil,
        owner: String = ""
    ) -> [String] {
        let key = words.text(entry.word)
        let inside = path.map { " in \"\(marks.text(of: $0))\"" } ?? ""
        let depth = trail.count
        if let origin = entry.origin { trail.append(origin) }
        if reportHiddenSpace(in: key, at: entry.key) {
            trail.removeLast(trail.count - depth)
            let stripped = HiddenSpace.stripped(key)
            if path == nil { meant.insert(stripped) }
            return [stripped]
        }
        let suggestions = Spelling.near(key, among: known)
        let inner = path == nil && suggestions.isEmpty ? inner(key, owner, entry.value) : nil
        if path == nil {
            meant.formUnion(suggestions)
            if let inner { meant.insert(inner.option) }
            if suggestions.isEmpty, let other = Habits.synonym(of: key, among: known) {
                meant.insert(other)
            }
        }
        report(
            "E0201",
            "\(title): unknown field \"\(key)\"\(inside)",
            at: entry.key,
            label: owner.isEmpty ? "no such field" : "not a field of \(owner)",
            suggestions: suggestions,
            help: (inner.map { [$0.help] } ?? habits(key, path, suggestions, owner, known))
                + (owner.hasPrefix("driver ")
                    ? ["all fields: sluice drivers \(owner.dropFirst(7))"]
                    : known.count > 1 ? ["fields: " + known.sorted().joined(separator: ", ")] : [])
        )
        trail.removeLast(trail.count - depth)
        return suggestions
    }

    /// What may be meant with a key that is close to none.
    private func habits(
        _ key: String,
        _ path: GraphMarks.Path?,
        _ suggestions: [String],
        _ owner: String,
        _ known: [String]
    ) -> [String] {
        guard path == nil, suggestions.isEmpty else { return [] }
        if key != "filename", let other = Habits.synonym(of: key, among: known) {
            return ["it is called \(other) here"]
        }
        let slots = driver(of: owner)?.slots.map(\.name) ?? []
        return Habits.help(key: key, in: subject.kind, slots: slots, known: known)
    }

    private func driver(of owner: String) -> DriverSpecification? {
        owner.hasPrefix("driver ") ? Catalog.driver(String(owner.dropFirst(7))) : nil
    }

    /// The option inside of which a key belongs that stands beside it.
    private func inner(
        _ key: String,
        _ owner: String,
        _ value: DocumentTape.Value
    ) -> Habits.InnerField? {
        let own =
            subject.kind == .node
            ? driver(of: owner).map { Catalog.nodeOptions + $0.options }
            : Catalog.options(of: subject.kind)
        let text = tape.isScalar(value) ? tape.text(value) : ""
        return own.flatMap { Habits.innerField(key, value: text, among: $0) }
    }

    /// The number of the path of something inside an option.
    mutating func path(_ outer: GraphMarks.Path, key: WordTable.Word) -> GraphMarks.Path {
        path(InnerPath(outer: outer, step: key)) { words in words.text(key) }
    }

    /// The number of the path of an element of a list.
    mutating func path(_ outer: GraphMarks.Path, place: Int) -> GraphMarks.Path {
        path(InnerPath(outer: outer, step: -1 - Int32(place))) { _ in String(place) }
    }

    private mutating func path(
        _ inner: InnerPath,
        _ text: (WordTable) -> String
    ) -> GraphMarks.Path {
        if let known = innerPaths[inner] { return known }
        let number = marks.path("\(marks.text(of: inner.outer)).\(text(words))")
        innerPaths[inner] = number
        return number
    }
}
