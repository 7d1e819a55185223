import GraphModel

// What may end a quarrel about a node.
extension FixFinder {
    /// The conflict that a finding is about.
    func conflict(of finding: Diagnostic) -> PermissionConflict? {
        guard finding.code == "E0412" else { return nil }
        return configuration.resolved?.conflicts.first { conflict in
            finding.mark == conflict.wants.place(configuration.marks)
                && finding.message.hasSuffix("node \(conflict.node)")
                && finding.related.first?.mark == conflict.denies.place(configuration.marks)
        }
    }

    /// The violation that a finding is about.
    func violation(of finding: Diagnostic) -> GraphViolation? {
        guard finding.code == "E0413" || finding.code == "E0414" else { return nil }
        return configuration.resolved?.violations.first { violation in
            guard let user = violation.user.objects.first.flatMap(ObjectKind.split) else {
                return false
            }
            return finding.message.hasPrefix(
                "\(user.kind.title) \(user.name) writes to node \(violation.node)"
            )
        }
    }

    /// What may end a conflict, what costs least first.
    func candidates(for conflict: PermissionConflict) -> [Candidate] {
        let (wants, denies) = (conflict.wants, conflict.denies)
        var found: [Candidate] = []
        for side in [wants, denies] {
            if let top = side.objects.first { found += readOnlyExport(top) }
        }
        found += detour(of: wants, to: denies)
        found += detour(of: denies, to: wants)
        if let top = denies.objects.first { found += sharing(top, conflict.bits) }
        for side in [wants, denies] { found += readOnlyNode(side.parent) }
        found += denies.objects.flatMap { dropping(conflict.bits, $0, "unshare-child-perms") }
        found += wants.objects.flatMap { dropping(conflict.bits, $0, "take-child-perms") }
        return found
    }

    /// What may end a wish for what a node cannot do.
    func candidates(for violation: GraphViolation) -> [Candidate] {
        let node = ObjectKind.node.object(violation.node)
        var found = violation.user.objects.first.map(readOnlyExport) ?? []
        if let top = violation.user.objects.first { found += readOnlyNode(top) }
        switch violation.reason {
        case .readOnly:
            if text.place(node, "read-only") != nil,
                let edit = text.setting(node, "read-only", to: "false")
            {
                found.append(
                    Candidate(
                        title: "let it be written",
                        what: "read-only: false on node \(violation.node)",
                        edits: [edit],
                        caution: "its image changes then"
                    )
                )
            }
        case .unaligned(let size, let alignment):
            let rounded = (size + alignment - 1) / alignment * alignment
            for object in configuration.description.nodes.keys.sorted().map(ObjectKind.node.object)
            where text.place(object, "size") != nil {
                guard let name = ObjectKind.split(object)?.name,
                    configuration.description.nodes[name]?.options.integer("size") == size,
                    let edit = text.setting(object, "size", to: String(rounded))
                else { continue }
                found.append(
                    Candidate(
                        title: "round the size up",
                        what: "size: \(rounded) on node \(name)",
                        edits: [edit]
                    )
                )
            }
        }
        return found
    }

    private func readOnlyExport(_ object: String) -> [Candidate] {
        guard let (kind, name) = ObjectKind.split(object), kind == .export,
            configuration.description.exports[name]?.isWritable == true,
            let edit = text.setting(object, "writable", to: "false")
        else { return [] }
        return [
            Candidate(
                title: "read only",
                what: "writable: false on export \(name)",
                edits: [edit],
                caution: "clients of \(name) may only read"
            )
        ]
    }

    /// Makes a node read-only, and with it every export through which it would be written.
    private func readOnlyNode(_ object: String) -> [Candidate] {
        let graph = configuration.description
        guard let (kind, name) = ObjectKind.split(object), kind == .node,
            graph.nodes[name]?.isReadOnly == false,
            let edit = text.setting(object, "read-only", to: "true")
        else { return [] }
        let exports = graph.exports.values.filter { $0.isWritable && reaches(name, from: $0.node) }
            .map(\.name).sorted()
        let others = exports.compactMap {
            text.setting(ObjectKind.export.object($0), "writable", to: "false")
        }
        guard others.count == exports.count else { return [] }
        let also = exports.isEmpty ? "" : ", writable: false on " + exports.joined(separator: ", ")
        return [
            Candidate(
                title: "read-only node",
                what: "read-only: true on node \(name)\(also)",
                edits: [edit] + others,
                caution: "nothing is written through \(name) any more"
            )
        ]
    }

    private func reaches(_ node: String, from start: String) -> Bool {
        var pending = [start]
        var seen: Set<String> = []
        while let name = pending.popLast() {
            if name == node { return true }
            guard seen.insert(name).inserted else { continue }
            pending += configuration.description.nodes[name]?.children.map(\.node) ?? []
        }
        return false
    }

    /// Has one user come to the node by way of the other, instead of beside it.
    private func detour(of holder: PermissionHolder, to other: PermissionHolder) -> [Candidate] {
        guard let (kind, name) = ObjectKind.split(holder.parent) else { return [] }
        let path = kind == .export ? "node" : holder.edge
        guard text.place(holder.parent, path) != nil else { return [] }
        let nodes = other.objects.compactMap { object in
            ObjectKind.split(object).flatMap { $0.kind == .node ? $0.name : nil }
        }
        // The nearest one is the smallest change.
        return nodes.reversed().compactMap { node in
            guard node != name, kind == .export || !reaches(name, from: node),
                let edit = text.setting(holder.parent, path, to: node)
            else { return nil }
            return Candidate(
                title: "go through \(node)",
                what: "\(path): \(node) on \(kind.title) \(name)",
                edits: [edit],
                caution: "\(name) shows what \(node) shows, not what lies below it"
            )
        }
    }

    private func sharing(_ object: String, _ bits: Permissions) -> [Candidate] {
        guard let (kind, name) = ObjectKind.split(object), kind == .export,
            let export = configuration.description.exports[name]
        else { return [] }
        let shared = PermissionRules.masks(of: export).shared.union(bits)
        let value = "[" + shared.names.joined(separator: ", ") + "]"
        guard let edit = text.setting(object, "share", to: value) else { return [] }
        return [
            Candidate(
                title: "share it",
                what: "share: \(value) on export \(name)",
                edits: [edit],
                caution: bits.contains(.write)
                    ? "only for clients that coordinate, such as a cluster file system" : ""
            )
        ]
    }

    private func dropping(_ bits: Permissions, _ object: String, _ option: String) -> [Candidate] {
        guard let (kind, name) = ObjectKind.split(object), kind == .node,
            let list = configuration.description.nodes[name]?.options.list(option),
            text.place(object, option) != nil
        else { return [] }
        let rest = list.compactMap { value -> String? in
            guard case .text(let word) = value, let right = Permissions(name: word),
                right.isDisjoint(with: bits)
            else { return nil }
            return word
        }
        guard rest.count < list.count,
            let edit = text.setting(object, option, to: "[\(rest.joined(separator: ", "))]")
        else { return [] }
        return [
            Candidate(
                title: "ask for less",
                what: "\(option): [\(rest.joined(separator: ", "))] on node \(name)",
                edits: [edit]
            )
        ]
    }
}
