internal import ControlAPI
internal import GraphModel
internal import Reconciliation

// Where what is live differs from what the files declare.
extension Reconciler {
    /// The answer of `drift`.
    func drift() async -> JSONValue {
        await alone { $0.driftNow() }
    }

    private func driftNow() -> JSONValue {
        guard case .files(let found) = reader.scan() else {
            return answer([], isPending: false, "the sources cannot be read")
        }
        let wished = desiredState(of: found)
        guard wished.resolved != nil else {
            return answer([], isPending: true, "the newest files are rejected")
        }
        let plan = wished.plan(from: graph.liveGraph)
        // What the files newly wish is pending; what a person changed below them is drift.
        let isDrift = !plan.isEmpty && memory.sourceBelowHand == found.digest
        return answer(isDrift ? plan.actions : [], isPending: !plan.isEmpty && !isDrift, "")
    }

    private func answer(
        _ actions: [ObjectAction],
        isPending: Bool,
        _ message: String
    ) -> JSONValue {
        let actor = store.committed?.actor ?? ""
        return [
            "format": "sluice.drift/1", "generation": .integer(Int64(clamping: memory.generation)),
            "digest": .text(memory.liveDigest),
            "origin": .text(store.committed?.origin.rawValue ?? ""), "actor": .text(actor),
            "pending": .flag(isPending), "message": .text(message),
            "drift": .list(actions.flatMap(fields)),
        ]
    }

    private func fields(of action: ObjectAction) -> [JSONValue] {
        // The plan leads back to the files, so what it would add is missing in what is live.
        let words: [ObjectAction.Kind: String] = [.add: "missing", .remove: "undeclared"]
        guard action.kind == .change || action.kind == .replace, !action.fields.isEmpty else {
            return [
                [
                    "object": .text(action.object), "field": "",
                    "state": .text(words[action.kind] ?? action.kind.rawValue),
                ]
            ]
        }
        return action.fields.map { field in
            let json = field.json
            return [
                "object": .text(action.object), "field": json["path"] ?? .null, "state": "changed",
                "live": json["before"] ?? .null, "declared": json["after"] ?? .null,
            ]
        }
    }
}
