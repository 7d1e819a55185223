import GraphModel

extension ConfigurationReader {
    /// A node that stands where a name could.
    private struct InlineNode {
        let word: WordTable.Word
        let keyPlace: SourcePlace
        let value: DocumentTape.Value
        /// The merge key's alias that brought it.
        let origin: DocumentTape.Value?
    }

    /// A child with the name of its edge and the place of its slot.
    private struct Child {
        let slot: Int
        let edge: String
        let word: WordTable.Word
    }

    /// What is read of one node.
    private struct Draft {
        /// The first child; few nodes have more.
        var first: Child?
        var others: [Child] = []
        var inner: [InlineNode] = []
        var emptySlots: [String] = []
        /// A bit for each option that the document has.
        var said: UInt64 = 0
        /// A bit for each slot that the document has.
        var filled: UInt64 = 0
        var isComplete = true
    }

    /// Reads a node, and the nodes that stand inline in it.
    mutating func readNode(
        _ word: WordTable.Word,
        _ value: DocumentTape.Value,
        keyPlace: SourcePlace
    ) {
        subject = Subject(kind: .node, name: word)
        guard tape.kind(value) == .mapping else {
            names.leave(subject)
            let text = tape.isScalar(value) ? tape.text(value) : ""
            if reportHiddenSpace(in: text, at: value) { return }
            report(
                "E0204",
                "\(title) wants a mapping with driver",
                at: value,
                label: tape.isNull(value) ? "nothing" : "no mapping",
                help: Habits.help(notMapping: text, .node, name: words.text(word))
            )
            return
        }
        guard description.nodeCount < limits.nodesMax else {
            findings.error(
                "E0209",
                "the configuration has more than \(limits.nodesMax) nodes",
                at: keyPlace.mark(in: file)
            )
            return
        }
        let cursor = cursor(of: value)
        guard let schema = readDriver(cursor, keyPlace: keyPlace),
            let driver = schema.driver
        else { return names.leave(subject) }
        let name = subject
        var draft = readFields(cursor, schema)
        if reportMissing(schema, said: draft.said, at: keyPlace) { draft.isComplete = false }
        reportEmptySlots(schema, &draft, keyPlace: keyPlace)
        let options = options(schema, said: draft.said)
        var node = node(driver, options, draft, isRenamed: draft.said & schema.formerlyOption != 0)
        let isComplete = readInline(draft.inner) && draft.isComplete
        guard isComplete else { return }
        if draft.said & schema.checkedOptions != 0 { report(Catalog.check(node), on: name) }
        if let check = driver.check { report(check(node), on: name) }
        if schema.choosesChildren { choosing.append(name.name) }
        if let anchored = baseDirectory.flatMap({ node.anchored(at: $0) }) { node = anchored }
        if let known = knownNodes[node.name], known == node { node = known }
        description.nodes[node.name] = node
        number(node, name.name, schema, draft)
    }

    /// Adds a node by number, with the words of its children.
    private mutating func number(
        _ node: NodeDescription,
        _ word: WordTable.Word,
        _ schema: ObjectSchema,
        _ draft: Draft
    ) {
        // Not a literal: a set that is made of one calls for its element's type at run time.
        var traits = NumberedGraph.Traits(rawValue: 0)
        if draft.said & schema.traitOptions != 0 {
            if node.isReadOnly { traits.insert(.readOnly) }
            if node.options.flag("force-share") == true { traits.insert(.forceShare) }
        }
        setNumber(numbered.add(node, driver: schema.number, traits: traits), of: word)
        nodeWords.append(word)
        if let first = draft.first { childNames.append(first.word) }
        for child in draft.others { childNames.append(child.word) }
    }

    /// Notes the number of a node.
    mutating func setNumber(_ number: Int32, of word: WordTable.Word) {
        let place = Int(word)
        if place >= nodeNumbers.count {
            let count = max(place + 1, 2 * nodeNumbers.count)
            nodeNumbers += [Int32](repeating: 0, count: count - nodeNumbers.count)
        }
        nodeNumbers[place] = number + 1
    }

    private mutating func node(
        _ driver: DriverSpecification,
        _ options: Options,
        _ draft: Draft,
        isRenamed: Bool
    ) -> NodeDescription {
        var node = NodeDescription(
            name: words.text(subject.name),
            driver: driver.name,
            options: options,
            children: children(draft)
        )
        if isRenamed, let former = options.text("formerly") {
            node.options["formerly"] = nil
            node.formerly = former
            renamed.append(subject.name)
        }
        if !draft.emptySlots.isEmpty { node.emptySlots = draft.emptySlots }
        return node
    }

    /// Reads nodes that stand inline; `false` when one of them is not there.
    private mutating func readInline(_ inner: [InlineNode]) -> Bool {
        var isComplete = true
        for child in inner {
            let name = words.text(child.word)
            if let fault = ObjectName.fault(in: name) {
                findings.error(
                    "E0207",
                    "inline child \"\(name)\" \(fault)",
                    at: child.keyPlace.mark(in: file),
                    help: ["give it a name of its own under nodes, and refer to it"]
                )
                isComplete = false
            } else if declare(.node, child.word, at: child.keyPlace) {
                let depth = trail.count
                if let origin = child.origin { trail.append(origin) }
                if tape.cells[Int(child.value)].kind == .alias { trail.append(child.value) }
                readNode(child.word, child.value, keyPlace: child.keyPlace)
                trail.removeLast(trail.count - depth)
            } else {
                isComplete = false
            }
        }
        return isComplete
    }

    private mutating func readDriver(
        _ cursor: EntryCursor,
        keyPlace: SourcePlace
    ) -> ObjectSchema? {
        let start = cursor
        var cursor = cursor
        var found: DocumentEntry?
        while found == nil, let entry = tape.next(&cursor) {
            if entry.word == Vocabulary.driver { found = entry }
        }
        guard let entry = found else {
            if reportMisspelledDriver(cursor: start) { return nil }
            findings.error(
                "E0202",
                "\(title): \"driver\" is missing",
                at: keyPlace.mark(in: file),
                label: "needs driver",
                help: ["all drivers: sluice drivers"]
            )
            return nil
        }
        marks.add(Vocabulary.driver, at: place(entry.value))
        guard tape.isScalar(entry.value), !tape.isNull(entry.value) else {
            report(
                "E0204",
                "\(title): \"driver\" wants the name of a driver",
                at: entry.value,
                help: ["all drivers: sluice drivers"]
            )
            return nil
        }
        let driver = words.word(of: tape.bytes(entry.value))
        if let schema = ObjectSchema.node(driver) { return schema }
        let word = words.text(driver)
        if reportHiddenSpace(in: word, at: entry.value) { return nil }
        report(
            "E0203",
            "\(title): unknown driver \"\(word)\"",
            at: entry.value,
            suggestions: Spelling.near(word, among: Catalog.drivers.map(\.name)),
            help: ["all drivers: sluice drivers"]
        )
        return nil
    }

    /// Reports a key that somebody may have meant as `driver`; `false` when there is none.
    private mutating func reportMisspelledDriver(cursor: EntryCursor) -> Bool {
        var cursor = cursor
        var meant: DocumentEntry?
        while let entry = tape.next(&cursor) {
            let key = words.text(entry.word)
            if Spelling.near(HiddenSpace.stripped(key), among: ["driver"]).isEmpty,
                HiddenSpace.stripped(key) != "driver"
            {
                let isOther = Habits.synonym(of: key, among: ["driver"]) != nil
                if isOther, meant == nil { meant = entry }
                continue
            }
            meant = entry
            break
        }
        guard let meant else { return false }
        reportUnknown(meant, among: ["driver"], owner: "a node")
        return true
    }

    private mutating func readFields(
        _ cursor: EntryCursor,
        _ schema: ObjectSchema
    ) -> Draft {
        beginOptions(schema)
        var draft = Draft()
        var cursor = cursor
        while let entry = tape.next(&cursor) {
            if isNote(entry.word) { continue }
            switch schema.field(entry.word) {
            case .driver: continue
            case .option(let place):
                draft.said |= 1 << UInt64(place)
                if !readOption(place, schema, entry) { draft.isComplete = false }
            case .slot(let place):
                draft.filled |= 1 << UInt64(place)
                if !readSlot(place, schema.slots[place], entry, &draft) { draft.isComplete = false }
            case nil:
                reportUnknown(entry, among: schema.keys, owner: schema.owner)
                draft.isComplete = false
            }
        }
        if !draft.others.isEmpty { sortChildren(&draft) }
        return draft
    }

    /// Puts children in the order of their slots; those of one slot keep theirs.
    private func sortChildren(_ draft: inout Draft) {
        guard let first = draft.first else { return }
        let children = [first] + draft.others
        let order = children.indices.sorted {
            (children[$0].slot, $0) < (children[$1].slot, $1)
        }
        draft.first = children[order[0]]
        draft.others = order.dropFirst().map { children[$0] }
    }

    private func children(_ draft: Draft) -> [ChildReference] {
        guard let first = draft.first else { return [] }
        var children = [ChildReference(edge: first.edge, node: words.text(first.word))]
        for child in draft.others {
            children.append(ChildReference(edge: child.edge, node: words.text(child.word)))
        }
        return children
    }

    private mutating func reportEmptySlots(
        _ schema: ObjectSchema,
        _ draft: inout Draft,
        keyPlace: SourcePlace
    ) {
        let empty = schema.requiredSlots & ~draft.filled
        if empty == 0 { return }
        for (place, slot) in schema.slots.enumerated() where empty >> UInt64(place) & 1 == 1 {
            draft.isComplete = false
            // Somebody who misspelled it hears so already.
            if meant.contains(slot.name) { continue }
            findings.error(
                "E0202",
                "\(title): child \"\(slot.name)\" is missing",
                at: keyPlace.mark(in: file),
                label: "needs \(slot.name)",
                help: [
                    slot.name == "file"
                        ? "write the name of a node, or a node inline: "
                            + "file: {driver: file, filename: PATH}"
                        : "write the name of a node, or a node inline"
                ]
            )
        }
    }

    // MARK: - Children

    /// Reads the children of one slot; `false` when something is wrong.
    private mutating func readSlot(
        _ place: Int,
        _ slot: ChildSlot,
        _ entry: DocumentEntry,
        _ draft: inout Draft
    ) -> Bool {
        marks.add(entry.word, at: self.place(entry.value))
        guard case .list(let countMin) = slot.occupancy else {
            if tape.isNull(entry.value) { return readEmptySlot(slot, entry, &draft) }
            return readChild(
                slot: place,
                edge: slot.name,
                path: entry.word,
                entry,
                keyPlace: self.place(entry.key),
                &draft
            )
        }
        let values = tape.kind(entry.value) == .sequence ? tape.elements(entry.value) : []
        guard values.count >= max(countMin, 1) else {
            reportNoList(slot.name, countMin, entry.value)
            return false
        }
        var isComplete = true
        for (number, value) in values.enumerated() {
            let path = path(entry.word, place: number)
            marks.add(path, at: self.place(value))
            let element = DocumentEntry(
                word: entry.word,
                key: value,
                value: value,
                origin: entry.origin
            )
            let isRead = readChild(
                slot: place,
                edge: "\(slot.name).\(number)",
                path: path,
                element,
                keyPlace: self.place(value),
                &draft
            )
            if !isRead { isComplete = false }
        }
        return isComplete
    }

    private mutating func readEmptySlot(
        _ slot: ChildSlot,
        _ entry: DocumentEntry,
        _ draft: inout Draft
    ) -> Bool {
        if slot.occupancy == .optional {
            draft.emptySlots.append(slot.name)
            return true
        }
        report(
            "E0204",
            "\(title): child \"\(slot.name)\" cannot be null",
            at: entry.value,
            help: ["write the name of a node, or a node inline"]
        )
        return false
    }

    private mutating func readChild(
        slot: Int,
        edge: String,
        path: GraphMarks.Path,
        _ entry: DocumentEntry,
        keyPlace: SourcePlace,
        _ draft: inout Draft
    ) -> Bool {
        let word: WordTable.Word
        switch tape.kind(entry.value) {
        case .plain where !tape.isNull(entry.value), .quoted:
            word = words.word(of: tape.bytes(entry.value))
            names.refer(to: .node, word, from: subject, path: path)
        case .mapping:
            word = words.word(of: "\(words.text(subject.name)).\(edge)")
            draft.inner.append(
                InlineNode(
                    word: word,
                    keyPlace: keyPlace,
                    value: entry.value,
                    origin: entry.origin
                )
            )
        default:
            report(
                "E0204",
                "\(title): child \"\(edge)\" wants the name of a node, or a node inline",
                at: entry.value
            )
            return false
        }
        let child = Child(slot: slot, edge: edge, word: word)
        if draft.first == nil { draft.first = child } else { draft.others.append(child) }
        return true
    }
}
