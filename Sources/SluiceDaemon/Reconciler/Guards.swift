internal import GraphModel

/// What a change may not do without a person, and who lifted it by name.
package struct Guards: Hashable, Sendable {
    /// Part of the exports that may be removed at once, in percent.
    package var removedExportsPercentMax = 25
    /// Most objects with clients that may be removed at once.
    package var removedWithClientsMax = 5

    /// The usual guards: 25 percent, 5 objects.
    package init() {}

    /// Sentences of all guards that a change runs into; none when it may go on.
    ///
    /// - Parameters:
    ///   - live: What is live.
    ///   - desired: What is wished.
    ///   - clients: Connected clients by export.
    ///   - allowed: Names of objects whose removal a person allowed.
    /// - Returns: Diagnostics with codes E06xx.
    func refusals(
        from live: GraphDescription,
        to desired: GraphDescription,
        clients: [String: Int],
        allowed: Set<String>
    ) -> [Diagnostic] {
        var found: [Diagnostic] = []
        let removed = live.exports.values
            .filter { desired.exports[$0.name] == nil && !allowed.contains($0.name) }
            .sorted { $0.name < $1.name }
        for export in removed where clients[export.name, default: 0] > 0 {
            guard export.options.text("on-remove") ?? "refuse" == "refuse" else { continue }
            found.append(
                refusal(
                    "E0611",
                    "export \(export.name) has \(clients[export.name, default: 0]) connected "
                        + "clients and is to be removed",
                    "disconnect them, or set on-remove: drain, or run: sluice apply PATH "
                        + "--allow-remove \(export.name)"
                )
            )
        }
        let names = removed.map(\.name).joined(separator: ", ")
        if removed.count * 100 > live.exports.count * removedExportsPercentMax {
            found.append(
                refusal(
                    "E0602",
                    "\(removed.count) of \(live.exports.count) exports would be removed (\(names)); "
                        + "the limit is \(removedExportsPercentMax) percent",
                    "when this is meant, run: sluice apply PATH"
                        + removed.map { " --allow-remove \($0.name)" }.joined()
                )
            )
        }
        let withClients = removed.filter { clients[$0.name, default: 0] > 0 }
        if withClients.count > removedWithClientsMax {
            found.append(
                refusal(
                    "E0603",
                    "\(withClients.count) exports with clients would be removed; the limit is "
                        + "\(removedWithClientsMax)",
                    "when this is meant, name each with --allow-remove"
                )
            )
        }
        return found
    }

    private func refusal(_ code: String, _ message: String, _ help: String) -> Diagnostic {
        Diagnostic(code: code, message: message, mark: nil, help: [help])
    }
}
