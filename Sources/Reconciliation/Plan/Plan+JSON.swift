package import GraphModel

extension Plan {
    /// What a plan comes to.
    package enum Verdict: String, Hashable, Sendable {
        /// Nothing to do.
        case empty
        /// It can be applied.
        case ready
        /// A guard or a protection refuses it.
        case held
        /// Users of nodes do not go together.
        case conflict
        /// The configuration is wrong.
        case invalid
    }

    /// The plan as JSON, in the form `sluice.plan/1`, when nothing is wrong with the wished graph.
    package var json: JSONValue { json(PlanContext()) }

    /// The plan as JSON, with what is known beside it.
    package func json(_ context: PlanContext) -> JSONValue {
        let identity = context.identity ?? identity
        let findings = context.diagnostics + advice + refusals + context.guardFindings
        let protections = protectedRemovals.map { object -> JSONValue in
            let name = ObjectKind.split(object)?.name ?? object
            return [
                "name": "protect", "ok": false, "object": .text(object),
                "needs": .text("--allow-remove \(name)"),
            ]
        }
        return [
            "format": .text(Self.formatName),
            "id": .text(identity.id),
            "verdict": .text(verdict(context).rawValue),
            "desired": ["digest": .text(identity.desiredDigest), "files": context.filesJSON],
            "live": [
                "generation": .integer(context.generation), "digest": .text(identity.liveDigest),
            ],
            "footprint": footprint.json,
            "actions": .list(actions.map(\.json)),
            "steps": .list(steps.enumerated().map { $1.json(number: $0 + 1) }),
            "exports": .list(exports.map { json(of: $0, context) }),
            "guards": .list(protections + context.guards.map(\.json)),
            "conflicts": .list(
                context.conflicts.map { $0.json(marks: marks, fixes: context.fixes) }
            ),
            "summary": .object(
                counts.map { JSONValue.Member($0.word, .integer(Int64($0.count))) }
            ),
            "diagnostics": .list(findings.map(\.json)),
            "omitted-diagnostics": .integer(Int64(context.omittedCount)),
        ]
    }

    /// What an export notices, with what is known about it now.
    private func json(of export: ExportImpact, _ context: PlanContext) -> JSONValue {
        guard export.impact == .pause, let forecast = context.forecast else {
            return Self.json(of: export)
        }
        return .object(
            (Self.json(of: export).members ?? []) + [.init("pause_us", forecast.json)]
        )
    }

    /// The same form when there is no graph to plan for.
    ///
    /// Both digests are then those of what was read, since no graph has one.
    package static func json(refused context: PlanContext) -> JSONValue {
        let read = Digest.text(of: context.filesJSON.compactBytes)
        let findings = JSONValue.list(context.diagnostics.map(\.json))
        let id = Digest.text(of: JSONValue.list([.text(read), findings]).compactBytes)
        return [
            "format": .text(formatName), "id": .text(id),
            "verdict": .text(Verdict.invalid.rawValue),
            "desired": ["digest": .text(read), "files": context.filesJSON],
            "live": [
                "generation": .integer(context.generation),
                "digest": .text(GraphDescription().digest),
            ],
            "footprint": [], "actions": [], "steps": [], "exports": [], "guards": [],
            "conflicts": [],
            "summary": ["add": 0, "change": 0, "replace": 0, "rename": 0, "remove": 0],
            "diagnostics": findings,
            "omitted-diagnostics": .integer(Int64(context.omittedCount)),
        ]
    }

    /// What the plan comes to.
    package func verdict(_ context: PlanContext) -> Verdict {
        let errors = (context.diagnostics + advice).filter { $0.severity == .error }
        if !errors.isEmpty {
            return errors.allSatisfy(\.isAboutPermissions) ? .conflict : .invalid
        }
        if !refusals.isEmpty || !context.guardFindings.isEmpty { return .held }
        return isEmpty ? .empty : .ready
    }

    /// How many objects each kind of action is about, in a fixed order.
    package var counts: [(word: String, count: Int)] {
        let kinds: [ObjectAction.Kind] = [.add, .change, .replace, .rename, .remove]
        return kinds.map { kind in (kind.rawValue, actions.count { $0.kind == kind }) }
    }

    /// One line about the whole plan.
    package var summary: String {
        let parts = counts.filter { $0.count > 0 }.map { "\($0.count) to \($0.word)" }
        guard !parts.isEmpty else { return "No changes." }
        let words: [(impact: ExportImpact.Impact, word: String)] = [
            (.untouched, "untouched"), (.noPause, "changed without a pause"),
            (.pause, "paused for the switch"), (.starts, "started"), (.stops, "stopped"),
        ]
        let effects = words.compactMap { impact, word -> String? in
            let number = exports.count { $0.impact == impact }
            return number == 0 ? nil : "\(count(number)) \(word)"
        }
        return parts.joined(separator: ", ")
            + (effects.isEmpty ? "." : "; " + effects.joined(separator: ", ") + ".")
    }

    private func count(_ exports: Int) -> String { "\(exports) export\(exports == 1 ? "" : "s")" }
}

extension PermissionConflict {
    /// The conflict as JSON.
    package var json: JSONValue { json(marks: GraphMarks(), fixes: FixList()) }

    /// The conflict as JSON, with the places of both sides and with fixes.
    package func json(marks: GraphMarks, fixes: FixList) -> JSONValue {
        [
            "node": .text(ObjectKind.node.object(node)), "bits": JSONValue(texts: bits.names),
            "wants": wants.json(marks), "denies": denies.json(marks),
            "fixes": .list(fixes.fixes(of: self).map(\.json)),
        ]
    }
}

extension PermissionHolder {
    /// Where the holder's reference to the node stands.
    package func place(_ marks: GraphMarks) -> SourceMark? {
        marks.mark(parent, edge == "root" ? "node" : edge)
    }

    /// The holder as JSON.
    fileprivate func json(_ marks: GraphMarks) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("objects", JSONValue(texts: objects)), .init("edge", .text(edge)),
            .init("used", .text(masks.used.description)),
            .init("shared", .text(masks.shared.description)),
        ]
        if let place = place(marks) { members.append(.init("source", place.json)) }
        return .object(members)
    }
}
