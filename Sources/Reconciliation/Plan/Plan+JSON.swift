package import GraphModel

extension Plan {
    /// The plan as JSON, in the form `sluice.plan/1`, when nothing is wrong with the wished graph.
    package var json: JSONValue { json(conflicts: [], diagnostics: []) }

    /// The plan as JSON, with what is wrong with the wished graph.
    package func json(
        conflicts: [PermissionConflict],
        diagnostics: [Diagnostic],
        omittedCount: Int = 0
    ) -> JSONValue {
        [
            "format": .text(Self.formatName),
            "id": .text(id),
            "verdict": .text(verdict(conflicts, diagnostics)),
            "desired": ["digest": .text(desiredDigest)],
            "live": ["digest": .text(liveDigest)],
            "actions": .list(actions.map(\.json)),
            "steps": .list(steps.enumerated().map { $1.json(number: $0 + 1) }),
            "exports": .list(exports.map(Self.json(of:))),
            "guards": .list(
                protectedRemovals.map { object in
                    [
                        "name": "protect", "ok": false, "object": .text(object),
                        "needs": .text(
                            "--allow-remove \(ObjectKind.split(object)?.name ?? object)"
                        ),
                    ]
                }
            ),
            "conflicts": .list(conflicts.map(\.json)),
            "summary": .object(
                counts.map { JSONValue.Member($0.word, .integer(Int64($0.count))) }
            ),
            "diagnostics": .list((diagnostics + refusals).map(\.json)),
            "omitted-diagnostics": .integer(Int64(omittedCount)),
        ]
    }

    private func verdict(_ conflicts: [PermissionConflict], _ diagnostics: [Diagnostic]) -> String {
        let errors = diagnostics.filter { $0.severity == .error }
        if !errors.isEmpty {
            return errors.allSatisfy(\.isAboutPermissions) ? "conflict" : "invalid"
        }
        if !refusals.isEmpty { return "held" }
        return isEmpty ? "empty" : "ready"
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
    package var json: JSONValue {
        [
            "node": .text(ObjectKind.node.object(node)), "bits": JSONValue(texts: bits.names),
            "wants": wants.json, "denies": denies.json,
        ]
    }
}

extension PermissionHolder {
    /// The holder as JSON.
    fileprivate var json: JSONValue {
        [
            "objects": JSONValue(texts: objects), "edge": .text(edge),
            "used": .text(masks.used.description), "shared": .text(masks.shared.description),
        ]
    }
}
