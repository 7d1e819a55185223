import GraphModel

extension ConfigurationReader {
    /// Checks names that objects use for each other, once everything is read.
    mutating func checkReferences() {
        for node in description.nodes.values {
            let object = ObjectKind.node.object(node.name)
            for child in node.children {
                check(.node, child.node, from: "node \(node.name)", at: (object, child.edge))
            }
            checkOptions(node.options, ObjectSchema.nodes[node.driver], "node \(node.name)", object)
            checkFormerly(node, object)
        }
        fillListeners()
        for export in description.exports.values {
            let object = ObjectKind.export.object(export.name)
            check(.node, export.node, from: "export \(export.name)", at: (object, "node"))
            if !export.listener.isEmpty {
                check(
                    .listener,
                    export.listener,
                    from: "export \(export.name)",
                    at: (object, "listener")
                )
            }
            if let thread = export.options.text("iothread") {
                check(.ioThread, thread, from: "export \(export.name)", at: (object, "iothread"))
            }
        }
        checkPublicNames()
        checkAddresses()
    }

    private mutating func checkOptions(
        _ options: Options,
        _ schema: ObjectSchema?,
        _ owner: String,
        _ object: String
    ) {
        for reference in schema?.references ?? [] {
            guard let name = options.text(reference.key) else { continue }
            check(reference.kind, name, from: owner, at: (object, reference.key))
        }
    }

    private mutating func check(
        _ kind: ObjectKind,
        _ name: String,
        from owner: String,
        at place: (object: String, path: String)
    ) {
        // What an unread file declares is not known; what has faults of its own is declared.
        guard !hasUnreadFile, !declared.contains(kind.object(name)) else { return }
        // The default thread exists without being declared.
        if kind == .ioThread, name == GraphPlacement.defaultThread { return }
        let prefix = kind.rawValue + "/"
        let names = declared.filter { $0.hasPrefix(prefix) }.map {
            String($0.dropFirst(prefix.count))
        }
        let closest = Spelling.near(name, among: names)
        var help = names.isEmpty ? ["there is no \(kind.title) in this configuration"] : []
        if name.hasPrefix("x-") {
            help.append("keys that begin with x- are notes, and declare nothing")
        }
        findings.error(
            "E0302",
            "\(owner) refers to \(kind.title) \"\(name)\", which no file declares",
            at: marks.mark(place.object, place.path),
            label: "no such \(kind.title)",
            related: closest.first.map {
                [
                    Diagnostic.Related(
                        message: "the closest name is declared here",
                        mark: marks.objects[kind.object($0)]
                    )
                ]
            } ?? [],
            suggestions: closest,
            help: help
        )
    }

    private mutating func checkFormerly(_ node: NodeDescription, _ object: String) {
        guard let former = node.formerly else { return }
        let problem: String
        if former == node.name {
            problem = "is its name now"
        } else if declared.contains(ObjectKind.node.object(former)) {
            problem = "is declared as a node of its own"
        } else if let other = formerNames[former] {
            problem = "is claimed by node \(min(other, node.name)) as well"
        } else {
            formerNames[former] = node.name
            return
        }
        findings.error(
            "E0306",
            "node \(node.name): \"formerly\" names \(former), which \(problem)",
            at: marks.mark(object, "formerly"),
            help: ["formerly is for a node that has another name now; take it out when it is not"]
        )
    }

    private mutating func fillListeners() {
        let only = description.listeners.count == 1 ? description.listeners.keys.first : nil
        for export in description.exports.values where export.listener.isEmpty {
            if let only {
                description.exports[export.name]?.listener = only
                continue
            }
            let count = declared.count { $0.hasPrefix("listener/") }
            guard count != 1, !hasUnreadFile else { continue }
            findings.error(
                "E0307",
                "export \(export.name): \"listener\" is missing, and there are \(count) listeners",
                at: marks.objects[ObjectKind.export.object(export.name)],
                label: "needs listener",
                suggestions: description.listeners.keys.sorted().prefix(3).map { $0 }
            )
        }
    }

    private mutating func checkPublicNames() {
        var earliest: [String: ExportDescription] = [:]
        for export in description.exports.values where !export.listener.isEmpty {
            let key = "\(export.listener)\u{0}\(export.publicName)"
            guard let other = earliest[key] else {
                earliest[key] = export
                continue
            }
            let isLater = place(other, "name") < place(export, "name")
            let (first, second) = isLater ? (other, export) : (export, other)
            earliest[key] = first
            findings.error(
                "E0303",
                "exports \(first.name) and \(second.name) both are \"\(export.publicName)\" on "
                    + "listener \(export.listener)",
                at: place(second, "name"),
                label: "second",
                related: [
                    Diagnostic.Related(message: "first one is here", mark: place(first, "name"))
                ],
                help: ["clients ask for an export by this name; give one of them another"]
            )
        }
    }

    private func place(_ export: ExportDescription, _ path: String) -> SourceMark {
        marks.mark(ObjectKind.export.object(export.name), path)
            ?? SourceMark(file: "", line: 1, column: 1)
    }

    private mutating func checkAddresses() {
        var first: [String: String] = [:]
        for name in description.listeners.keys.sorted() {
            let object = ObjectKind.listener.object(name)
            guard let address = description.listeners[name]?.options.text("address") else {
                continue
            }
            if Catalog.ListenerAddress(address) == nil {
                findings.error(
                    "E0204",
                    "listener \(name): \"address\" wants unix:PATH or tcp:HOST:PORT",
                    at: marks.mark(object, "address"),
                    label: "no such address",
                    help: [
                        "a path has at most \(Catalog.ListenerAddress.pathBytesMax) bytes",
                        "an IPv6 host stands in brackets: tcp:[::1]:10809",
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
}
