internal import GraphModel

extension Reconciler {
    /// The answer of `history`: generations, the newest first.
    func history(countMax: Int) async -> JSONValue {
        let records = store.generations(countMax: countMax)
        return [
            "format": "sluice.history/1",
            "live": .integer(Int64(clamping: memory.generation)),
            "generations": .list(records.map(\.summary)),
        ]
    }
}

extension GenerationRecord {
    /// What a list of generations says of one.
    fileprivate var summary: JSONValue {
        let exports = receipt["exports"]?.list ?? []
        return [
            "generation": .integer(Int64(clamping: generation)), "digest": .text(digest),
            "unixSeconds": .integer(unixSeconds),
            "time": .text(Timestamp.text(unixSeconds: unixSeconds)),
            "origin": .text(origin.rawValue), "actor": actor.map { .text($0) } ?? .null,
            "commit": commit.map { .text($0) } ?? .null, "summary": plan["summary"] ?? .null,
            "exports": .integer(Int64(description.exports.count)),
            "completed": total("completed", exports), "failed": total("failed", exports),
            "longest_pause_ns": .integer(
                exports.compactMap { $0["pause_ns"]?.integer }.max() ?? 0
            ),
        ]
    }

    private func total(_ key: String, _ exports: [JSONValue]) -> JSONValue {
        .integer(exports.compactMap { $0[key]?.integer }.reduce(0, +))
    }
}
