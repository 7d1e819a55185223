package import GraphModel

/// A part of a plan: what it does to some objects, and to nothing else.
package struct PartialPlan: Sendable {
    /// The graph after that part; meaningless when something is found.
    package let desired: GraphDescription
    /// Why the part cannot be done by itself.
    package let findings: [Diagnostic]

    /// Takes a part of a plan.
    ///
    /// Inline children come along with their parents. What would leave a reference to nothing, or
    /// users of a node that do not go together, is refused, and so is an object that does not
    /// change.
    ///
    /// - Parameters:
    ///   - plan: The whole plan.
    ///   - wanted: Names of objects, as in JSON or bare.
    package init(of plan: Plan, only wanted: [String]) {
        var findings: [Diagnostic] = []
        var chosen: Set<String> = []
        for word in wanted {
            let found = plan.actions.map(\.object).filter { Self.matches($0, word) }
            if found.isEmpty { findings.append(Self.unknown(word, plan)) }
            chosen.formUnion(found)
        }
        var roots = chosen
        while let object = roots.popFirst() {
            for child in Self.inlineChildren(of: object, in: plan)
            where chosen.insert(child).inserted {
                roots.insert(child)
            }
        }
        let graph = Self.graph(plan, chosen)
        if findings.isEmpty { findings = Self.gaps(graph, plan) }
        desired = graph
        self.findings = findings
    }

    private static func matches(_ object: String, _ word: String) -> Bool {
        object == word || ObjectKind.split(object)?.name == word
    }

    private static func unknown(_ word: String, _ plan: Plan) -> Diagnostic {
        let isKnown = (plan.live.objects + plan.desired.objects).contains { matches($0, word) }
        return Diagnostic(
            code: "E0605",
            message: isKnown
                ? "the plan does nothing to \(word)" : "there is no object \(word) to plan for",
            mark: nil,
            suggestions: isKnown
                ? [] : Spelling.near(word, among: plan.actions.map(\.object).sorted()),
            help: ["without --only the plan shows all that changes"]
        )
    }

    private static func inlineChildren(of object: String, in plan: Plan) -> [String] {
        guard let (kind, name) = ObjectKind.split(object), kind == .node else { return [] }
        let changing = Set(plan.actions.map(\.object))
        var children: [ChildReference] = plan.desired.nodes[name]?.children ?? []
        children += plan.live.nodes[name]?.children ?? []
        return children.filter { $0.node == "\(name).\($0.edge)" }
            .map { ObjectKind.node.object($0.node) }.filter(changing.contains)
    }

    private static func graph(_ plan: Plan, _ chosen: Set<String>) -> GraphDescription {
        var graph = plan.live
        var newNames: [String: String] = [:]
        for (new, former) in plan.formerNames where chosen.contains(ObjectKind.node.object(new)) {
            newNames[former] = new
        }
        graph.rename(newNames)
        var definitions: [String] = []
        for action in plan.actions where chosen.contains(action.object) {
            if action.kind == .remove {
                graph.remove(action.object)
            } else {
                definitions.append(action.object)
            }
        }
        graph.put(plan.desired.part(definitions))
        return graph
    }

    private static func gaps(_ graph: GraphDescription, _ plan: Plan) -> [Diagnostic] {
        var findings: [Diagnostic] = []
        for (from, to) in graph.danglingReferences {
            let action = plan.actions.first { $0.object == to || $0.previous == to }
            let hint = action.map { "--only \($0.object)" } ?? "the whole plan"
            findings.append(
                Diagnostic(
                    code: "E0605",
                    message: "by itself this would leave \(from) with a reference to \(to), "
                        + "which would not be there",
                    mark: plan.marks.objects[from],
                    help: ["add \(hint), or leave --only out"]
                )
            )
        }
        guard findings.isEmpty else { return findings }
        let resolved = ResolvedGraph(resolving: graph)
        guard !resolved.isLegal else { return [] }
        for finding in GraphFindings(graph: resolved, marks: plan.marks).all {
            findings.append(
                Diagnostic(
                    code: "E0605",
                    message: "by itself this would not be legal: \(finding.message)",
                    mark: finding.mark,
                    related: finding.related,
                    help: ["add what has to change with it, or leave --only out"]
                )
            )
        }
        return findings
    }
}
