import GraphModel

extension ConfigurationReader {
    /// Reads a node, and the nodes that stand inline in it.
    mutating func readNode(_ name: String, _ value: DocumentValue, keyMark: SourceMark) {
        let object = ObjectKind.node.object(name)
        guard case .mapping(let entries) = value.content else {
            findings.error(
                "E0204",
                "node \(name) wants a mapping with driver",
                at: mark(value),
                label: value.isNull ? "nothing" : "no mapping"
            )
            return
        }
        guard description.nodes.count < limits.nodesMax else {
            findings.error(
                "E0209",
                "the configuration has more than \(limits.nodesMax) nodes",
                at: keyMark
            )
            return
        }
        guard let driver = readDriver(of: name, entries, keyMark: keyMark),
            let schema = ObjectSchema.nodes[driver.name]
        else { return }
        var node = NodeDescription(name: name, driver: driver.name, options: schema.defaults)
        var inner: [InlineNode] = []
        var isComplete = read(entries, into: &node, schema: schema, keyMark: keyMark, &inner)
        if let driverEntry = entries.first(where: { $0.key == "driver" }) {
            let place = mark(driverEntry.value)
            marks.values[object]?["driver"] = place
        }
        for child in inner {
            if let fault = ObjectName.fault(in: child.name) {
                findings.error(
                    "E0207",
                    "inline child \"\(child.name)\" \(fault)",
                    at: child.keyMark,
                    help: ["give it a name of its own under nodes, and refer to it"]
                )
                isComplete = false
            } else if declare(.node, child.name, at: child.keyMark) {
                readNode(child.name, child.value, keyMark: child.keyMark)
            } else {
                isComplete = false
            }
        }
        guard isComplete else { return }
        description.nodes[name] = node
        report(Catalog.check(node) + driver.check(node), on: .node, name)
    }

    /// A node that stands where a name could.
    struct InlineNode {
        let name: String
        let keyMark: SourceMark
        let value: DocumentValue
    }

    private mutating func readDriver(
        of name: String,
        _ entries: [DocumentEntry],
        keyMark: SourceMark
    ) -> DriverSpecification? {
        guard let entry = entries.first(where: { $0.key == "driver" }) else {
            findings.error(
                "E0202",
                "node \(name): \"driver\" is missing",
                at: keyMark,
                label: "needs driver",
                help: ["all drivers: sluice drivers"]
            )
            return nil
        }
        guard case .scalar(let word, _) = entry.value.content, !entry.value.isNull else {
            findings.error(
                "E0204",
                "node \(name): \"driver\" wants the name of a driver",
                at: mark(entry.value)
            )
            return nil
        }
        if let driver = Catalog.driver(word) { return driver }
        findings.error(
            "E0203",
            "node \(name): unknown driver \"\(word)\"",
            at: mark(entry.value),
            suggestions: Spelling.near(word, among: Catalog.drivers.map(\.name)),
            help: ["all drivers: sluice drivers"]
        )
        return nil
    }

    private mutating func read(
        _ entries: [DocumentEntry],
        into node: inout NodeDescription,
        schema: ObjectSchema,
        keyMark: SourceMark,
        _ inner: inout [InlineNode]
    ) -> Bool {
        var reader = ValueReader(file: file, title: "node \(node.name)", findings: findings)
        var given: Set<String> = []
        var slots = [[ChildReference]](repeating: [], count: schema.slots.count)
        var isComplete = true
        for entry in entries where !entry.key.hasPrefix("x-") {
            switch schema.fields[entry.key] {
            case .driver: continue
            case .option(let place):
                let option = schema.options[place]
                given.insert(option.key)
                guard let value = reader.read(option.kind, entry.value, path: option.key) else {
                    isComplete = isComplete && reader.isNothing(option.kind, entry.value)
                    continue
                }
                if option.key == "formerly", case .text(let former) = value {
                    node.formerly = former
                } else {
                    node.options[option.key] = value
                }
            case .slot(let place):
                given.insert(entry.key)
                let children = reader.readChildren(
                    schema.slots[place],
                    entry,
                    of: &node,
                    inline: &inner
                )
                slots[place] = children ?? []
                isComplete = isComplete && children != nil
            case nil:
                reader.reportUnknown(
                    entry,
                    among: Array(schema.fields.keys),
                    in: "",
                    owner: "driver \(node.driver)"
                )
                isComplete = false
            }
        }
        if reader.reportMissing(schema, given: given, keyMark: keyMark) { isComplete = false }
        for slot in schema.slots where slot.occupancy != .optional && !given.contains(slot.name) {
            reader.findings.error(
                "E0202",
                "\(reader.title): child \"\(slot.name)\" is missing",
                at: keyMark,
                label: "needs \(slot.name)",
                help: ["write the name of a node, or a node inline"]
            )
            isComplete = false
        }
        node.children = slots.flatMap { $0 }
        findings = reader.findings
        marks.values[ObjectKind.node.object(node.name)] = reader.marks
        return isComplete
    }
}

extension ValueReader {
    /// Reads the children of one slot; `nil` when something is wrong.
    fileprivate mutating func readChildren(
        _ slot: ChildSlot,
        _ entry: DocumentEntry,
        of node: inout NodeDescription,
        inline inner: inout [ConfigurationReader.InlineNode]
    ) -> [ChildReference]? {
        marks[slot.name] = mark(entry.value)
        guard case .list(let countMin) = slot.occupancy else {
            if entry.value.isNull {
                if slot.occupancy == .optional {
                    node.emptySlots.append(slot.name)
                    return []
                }
                findings.error(
                    "E0204",
                    "\(title): child \"\(slot.name)\" cannot be null",
                    at: mark(entry.value),
                    help: ["write the name of a node, or a node inline"]
                )
                return nil
            }
            return readChild(
                edge: slot.name,
                entry.value,
                keyMark: entry.keyPlace.mark(in: file),
                of: node.name,
                inline: &inner
            ).map { [$0] }
        }
        guard case .sequence(let values) = entry.value.content, values.count >= countMin else {
            findings.error(
                "E0204",
                "\(title): \"\(slot.name)\" wants a list of at least \(countMin) nodes",
                at: mark(entry.value)
            )
            return nil
        }
        var children: [ChildReference] = []
        for (place, value) in values.enumerated() {
            let edge = "\(slot.name).\(place)"
            marks[edge] = mark(value)
            guard
                let child = readChild(
                    edge: edge,
                    value,
                    keyMark: mark(value),
                    of: node.name,
                    inline: &inner
                )
            else { return nil }
            children.append(child)
        }
        return children
    }

    private mutating func readChild(
        edge: String,
        _ value: DocumentValue,
        keyMark: SourceMark,
        of parent: String,
        inline inner: inout [ConfigurationReader.InlineNode]
    ) -> ChildReference? {
        switch value.content {
        case .scalar(let name, _) where !value.isNull:
            return ChildReference(edge: edge, node: name)
        case .mapping:
            let name = "\(parent).\(edge)"
            inner.append(
                ConfigurationReader.InlineNode(name: name, keyMark: keyMark, value: value)
            )
            return ChildReference(edge: edge, node: name)
        default:
            findings.error(
                "E0204",
                "\(title): child \"\(edge)\" wants the name of a node, or a node inline",
                at: mark(value)
            )
            return nil
        }
    }
}
