import GraphModel

extension Plan {
    /// Works out ``advice``.
    func makeAdvice() -> [Diagnostic] {
        let claims = desired.nodes.values.filter { $0.formerly != nil }.sorted { $0.name < $1.name }
        return claims.compactMap(finding) + likelyRenames.map(note)
    }

    private func finding(about node: NodeDescription) -> Diagnostic? {
        guard let former = node.formerly, formerNames[node.name] == nil else { return nil }
        let mark = marks.mark(ObjectKind.node.object(node.name), "formerly")
        if live.nodes[node.name] != nil {
            return Diagnostic(
                severity: .warning,
                code: "W0306",
                message: "node \(node.name) is live under its new name already; "
                    + "formerly: \(former) does nothing any more",
                mark: mark,
                label: "done",
                help: ["take this line out"]
            )
        }
        // On a host where nothing is live yet there is nothing to be renamed.
        guard !live.nodes.isEmpty else { return nil }
        return Diagnostic(
            code: "E0306",
            message: "node \(node.name) is formerly \"\(former)\", and no such node is live",
            mark: mark,
            label: "no such node is live",
            suggestions: Spelling.near(former, among: live.nodes.keys.sorted()),
            help: ["a node that is new has no formerly; take it out, or name the live node"]
        )
    }

    private func note(_ rename: LikelyRename) -> Diagnostic {
        Diagnostic(
            severity: .note,
            code: "W0307",
            message: "node \(rename.new) shows the same image as node \(rename.former), which goes",
            mark: marks.objects[ObjectKind.node.object(rename.new)],
            label: "add \(rename.line)",
            related: liveMarks.objects[ObjectKind.node.object(rename.former)].map {
                [Diagnostic.Related(message: "node \(rename.former) was here", mark: $0)]
            } ?? [],
            help: ["with this line it is renamed, and nothing is opened anew: \(rename.line)"]
        )
    }
}
