package import GraphModel

extension SavedPlan {
    /// The graph to which the plan leads from what is live now.
    ///
    /// Objects that the plan does not touch stay as they are, also those that have changed since it
    /// was made.
    ///
    /// - Parameter live: What is live.
    /// - Returns: The whole graph that is wished.
    /// - Throws: ``SavedPlanError/stale(moved:)`` when the plan would not do what it said.
    package func target(
        from live: GraphDescription
    ) throws(SavedPlanError) -> GraphDescription {
        let moved = footprint.moved(in: live)
        guard moved.isEmpty else { throw .stale(moved: moved) }
        var graph = live
        graph.rename(newNames)
        for object in removals { graph.remove(object) }
        graph.put(definitions)
        let dangling = graph.danglingReferences
        guard dangling.isEmpty else { throw .stale(moved: dangling.map(\.from)) }
        let plan = Plan(live: live, desired: graph, allowed: Set(allowedRemovals))
        let broken = Self.differences(promise, Self.promise(of: plan))
        guard broken.isEmpty else { throw .stale(moved: broken) }
        return graph
    }

    /// What a plan promises to do and what exports are to notice, by object.
    static func promise(of plan: Plan) -> JSONValue {
        promise(
            actions: plan.actions.map(\.json),
            exports: plan.exports.map(Plan.json(of:))
        )
    }

    /// The same from the plan's JSON.
    static func promise(actions: [JSONValue], exports: [JSONValue]) -> JSONValue {
        var members: [JSONValue.Member] = []
        for action in actions {
            guard let object = action["object"]?.text else { continue }
            let fields = (action["fields"]?.list ?? []).map { field -> JSONValue in
                ["path": field["path"] ?? .null, "mode": field["mode"] ?? .null]
            }
            members.append(
                .init(object, ["action": action["action"] ?? .null, "fields": .list(fields)])
            )
        }
        for export in exports {
            guard let name = export["name"]?.text, let impact = export["impact"]?.text,
                impact != ExportImpact.Impact.untouched.rawValue
            else { continue }
            members.append(.init("impact on export/\(name)", .text(impact)))
        }
        return .object(members)
    }

    /// Objects about which two promises differ, by name.
    private static func differences(_ one: JSONValue, _ other: JSONValue) -> [String] {
        func table(_ promise: JSONValue) -> [String: JSONValue] {
            Dictionary((promise.members ?? []).map { ($0.key, $0.value) }) { first, _ in first }
        }
        let (left, right) = (table(one), table(other))
        return Set(left.keys).union(right.keys).filter { left[$0] != right[$0] }.sorted()
    }
}
