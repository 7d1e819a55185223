import GraphModel

extension ConfigurationReader {
    /// Checks names that objects use for each other, once everything is read.
    mutating func checkReferences() {
        marks.seal()
        for reference in names.references { check(reference) }
        for word in renamed { checkFormerly(words.text(word)) }
        for word in choosing { checkChildren(of: words.text(word)) }
        fillListeners()
        checkPublicNames()
        checkAddresses()
        checkAppearances()
    }

    private mutating func check(_ reference: NameRegister.Reference) {
        // What an unread part declares is not known; what has faults of its own is declared.
        guard !hasUnreadPart, !names.isDeclared(reference.kind, reference.name) else { return }
        let (kind, name) = (reference.kind, words.text(reference.name))
        // The default thread exists without being declared.
        if kind == .ioThread, name == GraphPlacement.defaultThread { return }
        if isInlineInUnread(kind, name) { return }
        let user = reference.user
        let path = marks.text(of: reference.path)
        let mark = names.record(user.kind, user.name).map { marks.mark($0, path) }
        if let other = names.otherSpelling(of: kind, reference.name, name) {
            return reportSpelling(kind, name, of: other, at: mark)
        }
        reportDangling(reference, name, at: mark)
    }

    private mutating func reportDangling(
        _ reference: NameRegister.Reference,
        _ name: String,
        at mark: SourceMark?
    ) {
        let kind = reference.kind
        let known = knownNames(of: kind)
        danglingCount += 1
        // Each look for a close name goes through all names; no more are shown than so many.
        let isShown = danglingCount <= limits.diagnosticsMax
        let closest = isShown ? Spelling.near(name, among: known) : []
        var help = Habits.help(of: kind, known: isShown ? known : [name], closest: closest, name)
        if closest.isEmpty {
            let user = description.nodes[words.text(reference.user.name)]
            help += Habits.help(
                name: name,
                wanted: kind,
                at: marks.text(of: reference.path),
                below: reference.user.kind == .node ? user?.driver : nil
            )
        }
        if name.hasPrefix("x-") {
            help.append("keys that begin with x- are notes, and declare nothing")
        }
        let others = ObjectKind.allCases.filter {
            $0 != kind && names.isDeclared($0, reference.name)
        }
        if let other = others.first {
            help.append("\(name) is \(other.titleWithArticle); this wants \(kind.titleWithArticle)")
        }
        findings.error(
            "E0302",
            "\(title(of: reference.user)) refers to \(kind.title) \"\(name)\", "
                + "which no file declares",
            at: mark,
            label: "no such \(kind.title)",
            related: closest.first.map {
                [
                    Diagnostic.Related(
                        message: "the closest name is declared here",
                        mark: marks.mark(kind, $0)
                    )
                ]
            } ?? [],
            suggestions: closest,
            help: help
        )
    }

    private mutating func knownNames(of kind: ObjectKind) -> [String] {
        if let known = declaredNames[kind] { return known }
        let known = names.names(of: kind).map { words.text($0) }
        declaredNames[kind] = known
        return known
    }

    /// Whether a name could be that of a node inline in one of which a part was not read.
    private mutating func isInlineInUnread(_ kind: ObjectKind, _ name: String) -> Bool {
        guard kind == .node, !names.unread.isEmpty else { return false }
        // Looked up by each part of the name that ends before a dot: there may be many unread ones.
        return name.indices.contains { place in
            guard name[place] == "." else { return false }
            let parent = words.word(of: String(name[..<place]))
            return names.unread.contains(Subject(kind: .node, name: parent))
        }
    }

    private mutating func checkFormerly(_ name: String) {
        let object = ObjectKind.node.object(name)
        guard let former = description.nodes[name]?.formerly else { return }
        let problem: String
        var related: [Diagnostic.Related] = []
        if former == name {
            problem = "is its name now"
        } else if names.isDeclared(.node, words.word(of: former)) {
            problem = "is declared as a node of its own"
            let mark = marks.mark(ObjectKind.node.object(former), "")
            related = [Diagnostic.Related(message: "node \(former) is declared here", mark: mark)]
        } else if let other = formerNames[former] {
            problem = "is claimed by node \(other) as well"
            let mark = marks.mark(ObjectKind.node.object(other), "formerly")
            related = [Diagnostic.Related(message: "node \(other) says so here", mark: mark)]
        } else {
            formerNames[former] = name
            return
        }
        findings.error(
            "E0306",
            "node \(name): \"formerly\" names \(former), which \(problem)",
            at: marks.mark(object, "formerly"),
            related: related,
            help: ["formerly is for a node that has another name now; take it out when it is not"]
        )
    }

    /// Checks the drivers of a node's children, where only one will do.
    private mutating func checkChildren(of name: String) {
        guard let node = description.nodes[name], let driver = Catalog.driver(node.driver) else {
            return
        }
        for child in node.children {
            // What is not there was told already.
            guard let slot = driver.slots.first(where: { $0.owns(edge: child.edge) }),
                let wanted = slot.driver, let below = description.nodes[child.node],
                below.driver != wanted
            else { continue }
            findings.error(
                "E0208",
                "node \(name): \"\(child.edge)\" wants a node of driver \(wanted), and "
                    + "\(child.node) is one of driver \(below.driver)",
                at: marks.mark(ObjectKind.node.object(name), child.edge),
                label: "no \(wanted)",
                related: [
                    Diagnostic.Related(
                        message: "node \(child.node) is declared here",
                        mark: marks.mark(.node, child.node)
                    )
                ],
                help: [
                    "all about it: sluice drivers \(wanted); \(node.driver) stands directly above it"
                ]
            )
        }
    }

    private mutating func fillListeners() {
        if exports.allSatisfy({ $0.listener != nil }) { return }
        let only = description.listeners.count == 1 ? description.listeners.keys.first : nil
        let count = names.names(of: .listener).count
        let isOnlyKnown = only != nil && only == knownListener
        for export in exports where export.listener == nil && !(export.isKnown && isOnlyKnown) {
            let name = words.text(export.name)
            if let only {
                guard description.exports[name]?.listener != only else { continue }
                description.exports[name]?.listener = only
                changed.exports.insert(name)
                continue
            }
            guard count != 1, !hasUnreadPart else { continue }
            findings.error(
                "E0307",
                "export \(name): \"listener\" is missing, and there are \(count) listeners",
                at: marks.mark(.export, name),
                label: "needs listener",
                suggestions: description.listeners.keys.sorted().prefix(3).map { $0 },
                help: count == 0
                    ? ["declare one: listeners: {NAME: {type: nbd, address: \"unix:PATH\"}}"] : []
            )
        }
    }

    private mutating func checkPublicNames() {
        let only = description.listeners.count == 1 ? description.listeners.keys.first : nil
        let fallback = only.map { words.word(of: $0) }
        var earliest: [UInt64: WordTable.Word] = [:]
        earliest.reserveCapacity(exports.count)
        for export in exports {
            guard let listener = export.listener ?? fallback else { continue }
            let key =
                UInt64(UInt32(bitPattern: listener)) << 32
                | UInt64(UInt32(bitPattern: export.publicName))
            // Exports are in the order of the files.
            guard let other = earliest[key] else {
                earliest[key] = export.name
                continue
            }
            let (first, second) = (words.text(other), words.text(export.name))
            findings.error(
                "E0303",
                "exports \(first) and \(second) both are \"\(words.text(export.publicName))\" on "
                    + "listener \(words.text(listener))",
                at: place(second, "name"),
                label: "second",
                related: [
                    Diagnostic.Related(message: "first one is here", mark: place(first, "name"))
                ],
                help: ["clients ask for an export by this name; give one of them another"]
            )
        }
    }

    private func place(_ export: String, _ path: String) -> SourceMark {
        marks.mark(ObjectKind.export.object(export), path)
            ?? SourceMark(file: "", line: 1, column: 1)
    }

    private mutating func checkAddresses() {
        var first: [String: String] = [:]
        for name in description.listeners.keys.sorted() {
            let object = ObjectKind.listener.object(name)
            guard let address = description.listeners[name]?.options.text("address") else {
                continue
            }
            if let fault = Catalog.ListenerAddress.fault(in: address) {
                findings.error(
                    "E0204",
                    "listener \(name): \"address\" wants unix:PATH or tcp:HOST:PORT",
                    at: marks.mark(object, "address"),
                    label: fault.reason,
                    suggestions: fault.suggestion.map { [$0] } ?? [],
                    help: [
                        "such as unix:/run/sluice/nbd.sock, tcp:127.0.0.1:10809, tcp:[::1]:10809"
                    ]
                )
            } else if let other = first[address] {
                findings.error(
                    "E0304",
                    "listeners \(other) and \(name) have the same address",
                    at: marks.mark(object, "address"),
                    related: [
                        Diagnostic.Related(
                            message: "the other one is here",
                            mark: marks.mark(ObjectKind.listener.object(other), "address")
                        )
                    ]
                )
            } else {
                first[address] = name
            }
        }
    }

    /// Warns of names that look like another one of the same kind.
    private mutating func checkAppearances() {
        var seen: [Subject: WordTable.Word] = [:]
        for subject in names.foreign {
            let name = words.text(subject.name)
            let looks = words.word(of: ObjectName.appearance(of: name))
            let looking = Subject(kind: subject.kind, name: looks)
            let other =
                names.isDeclared(subject.kind, looks) && looks != subject.name
                ? looks : seen[looking]
            seen[looking] = subject.name
            guard let other else { continue }
            findings.add(
                Diagnostic(
                    severity: .warning,
                    code: "W0208",
                    message: "\(title(of: subject)) looks like another \(subject.kind.title), "
                        + "with letters of another script",
                    mark: marks.mark(subject.kind, name),
                    label: "not the same name",
                    related: [
                        Diagnostic.Related(
                            message: "the other one is here",
                            mark: marks.mark(subject.kind, words.text(other))
                        )
                    ],
                    help: ["give one of them a name that can be told apart"]
                )
            )
        }
    }

    /// The graph by numbers, once everything is read.
    mutating func finishNumbers() -> NumberedGraph {
        for name in childNames { numbered.add(child: number(name)) }
        for export in exports {
            guard let description = description.exports[words.text(export.name)] else { continue }
            numbered.add(description, target: number(export.node))
        }
        return numbered
    }

    private func number(_ name: WordTable.Word) -> Int32 {
        Int(name) < nodeNumbers.count ? nodeNumbers[Int(name)] - 1 : NumberedGraph.missing
    }
}
