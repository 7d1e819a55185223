package import GraphModel

/// How much a plan may remove without a person who names what goes.
///
/// One function counts for `sluice plan` and for the daemon, so that both hold the same plans.
package struct PlanGuards: Hashable, Sendable {
    /// Part of the exports that may be removed at once, in percent; `nil` for any.
    package var removedExportsPercentMax: Int?
    /// Most exports with clients that may be removed at once; `nil` for any number.
    package var removedWithClientsMax: Int?
    /// Most objects that may be removed at once; `nil` for any number.
    package var removedObjectsMax: Int?

    /// Guards with these limits; the usual ones are 25 percent and 5 exports with clients.
    package init(
        removedExportsPercentMax: Int? = 25,
        removedWithClientsMax: Int? = 5,
        removedObjectsMax: Int? = nil
    ) {
        self.removedExportsPercentMax = removedExportsPercentMax
        self.removedWithClientsMax = removedWithClientsMax
        self.removedObjectsMax = removedObjectsMax
    }

    /// Reads what ``json`` writes; limits that are not there are none.
    package init(json: JSONValue) {
        func limit(_ key: String) -> Int? {
            json[key]?.integer.flatMap { Int(exactly: $0) }.flatMap { $0 < 0 ? nil : $0 }
        }
        self.init(
            removedExportsPercentMax: limit(Self.exportsName),
            removedWithClientsMax: limit(Self.clientsName),
            removedObjectsMax: limit(Self.objectsName)
        )
    }

    /// The limits by the names of their guards.
    package var json: JSONValue {
        let limits = [
            (Self.exportsName, removedExportsPercentMax), (Self.clientsName, removedWithClientsMax),
            (Self.objectsName, removedObjectsMax),
        ]
        return .object(
            limits.compactMap { name, limit in limit.map { .init(name, .integer(Int64($0))) } }
        )
    }

    private static let exportsName = "removed-exports-percent"
    private static let clientsName = "removed-with-clients"
    private static let objectsName = "removed-objects"

    /// Asks each guard about a plan.
    ///
    /// What is removed is counted whether it is allowed or not: a guard that is run into is lifted
    /// only when all that it counted is allowed by name.
    ///
    /// - Parameters:
    ///   - plan: The plan.
    ///   - clients: Connected clients by export; guards of clients are not asked when it is `nil`.
    ///   - allowed: Names of objects whose removal a person allowed.
    /// - Returns: What came of each, in a fixed order.
    package func results(
        of plan: Plan,
        clients: [String: Int]?,
        allowed: Set<String> = []
    ) -> [GuardResult] {
        let removed = plan.actions.filter { $0.kind == .remove }.map(\.object)
        let exports = removed.filter { ObjectKind.split($0)?.kind == .export }
        let counting = GuardCounting(allowed: allowed, marks: plan.liveMarks)
        var results: [GuardResult] = []
        if let clients { results.append(Self.connected(exports, of: plan, clients, counting)) }
        if let limit = removedExportsPercentMax {
            let total = plan.live.exports.count
            results.append(
                counting.result(
                    GuardRule(Self.exportsName, "E0602", limit: limit),
                    of: exports,
                    actual: total == 0 ? 0 : (exports.count * 100 + total - 1) / total,
                    "\(exports.count) of \(total) exports would be removed; the limit is "
                        + "\(limit) percent"
                )
            )
        }
        if let limit = removedWithClientsMax, let clients {
            let served = exports.filter { Self.clientCount($0, clients) > 0 }
            results.append(
                counting.result(
                    GuardRule(Self.clientsName, "E0603", limit: limit),
                    of: served,
                    "\(served.count) exports with clients would be removed; the limit is \(limit)"
                )
            )
        }
        if let limit = removedObjectsMax {
            results.append(
                counting.result(
                    GuardRule(Self.objectsName, "E0604", limit: limit),
                    of: removed,
                    "\(removed.count) objects would be removed; the limit is \(limit)"
                )
            )
        }
        return results
    }

    /// Exports that say `on-remove: refuse` do not go while clients are connected.
    private static func connected(
        _ exports: [String],
        of plan: Plan,
        _ clients: [String: Int],
        _ counting: GuardCounting
    ) -> GuardResult {
        let refusing = exports.filter { object in
            let name = ObjectKind.split(object)?.name ?? ""
            return clientCount(object, clients) > 0
                && plan.live.exports[name]?.options.text("on-remove") ?? "refuse" == "refuse"
        }
        let words = refusing.map { object in
            let count = clientCount(object, clients)
            return "export \(ObjectKind.split(object)?.name ?? object) has \(count) connected "
                + "client\(count == 1 ? "" : "s") and is to be removed"
        }
        return counting.result(
            GuardRule("clients-connected", "E0611", limit: 0),
            of: refusing,
            words.joined(separator: "; "),
            "disconnect them, or say on-remove: drain or disconnect and apply that first"
        )
    }

    private static func clientCount(_ object: String, _ clients: [String: Int]) -> Int {
        clients[ObjectKind.split(object)?.name ?? "", default: 0]
    }
}
