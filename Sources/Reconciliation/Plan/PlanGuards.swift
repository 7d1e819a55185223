package import GraphModel

/// How much a plan may remove without a person who names what goes.
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

    /// What came of one guard.
    package struct Result: Hashable, Sendable {
        /// Name of the guard, such as `removed-exports-percent`.
        package let name: String
        /// Whether the plan may go on.
        package let isOk: Bool
        /// The limit.
        package let limit: Int
        /// What the plan would do.
        package let actual: Int
        /// Names of objects that have to be allowed, and are not.
        package let missing: [String]
        /// What refuses the plan; `nil` when nothing does.
        package let finding: Diagnostic?

        /// The result as JSON.
        var json: JSONValue {
            var members: [JSONValue.Member] = [
                .init("name", .text(name)), .init("ok", .flag(isOk)),
                .init("limit", .integer(Int64(limit))), .init("actual", .integer(Int64(actual))),
            ]
            if !isOk {
                let needs = missing.map { "--allow-remove \($0)" }.joined(separator: " ")
                members.append(.init("needs", .text(needs)))
            }
            return .object(members)
        }
    }

    /// Asks each guard about a plan.
    ///
    /// A guard that is run into is lifted only when all that the plan removes is allowed by name.
    ///
    /// - Parameters:
    ///   - plan: The plan.
    ///   - clients: Connected clients by export.
    ///   - allowed: Names of objects whose removal a person allowed.
    /// - Returns: What came of each, in a fixed order.
    package func results(
        of plan: Plan,
        clients: [String: Int] = [:],
        allowed: Set<String> = []
    ) -> [Result] {
        let removed = plan.actions.filter { $0.kind == .remove }.map(\.object)
        let exports = removed.filter { $0.hasPrefix("export/") }
        let withClients = exports.filter {
            clients[ObjectKind.split($0)?.name ?? "", default: 0] > 0
        }
        let total = plan.live.exports.count
        var results: [Result] = []
        if let limit = removedExportsPercentMax {
            let percent = total == 0 ? 0 : (exports.count * 100 + total - 1) / total
            results.append(
                result(
                    "removed-exports-percent",
                    "E0602",
                    exports,
                    limit,
                    percent,
                    allowed,
                    "\(exports.count) of \(total) exports would be removed; the limit is \(limit) "
                        + "percent"
                )
            )
        }
        if let limit = removedWithClientsMax {
            let count = withClients.count
            results.append(
                result(
                    "removed-with-clients",
                    "E0603",
                    withClients,
                    limit,
                    count,
                    allowed,
                    "\(count) exports with clients would be removed; the limit is \(limit)"
                )
            )
        }
        if let limit = removedObjectsMax {
            let count = removed.count
            results.append(
                result(
                    "removed-objects",
                    "E0604",
                    removed,
                    limit,
                    count,
                    allowed,
                    "\(count) objects would be removed; the limit is \(limit)"
                )
            )
        }
        return results
    }

    private func result(
        _ name: String,
        _ code: String,
        _ objects: [String],
        _ limit: Int,
        _ actual: Int,
        _ allowed: Set<String>,
        _ message: String
    ) -> Result {
        let missing = objects.filter { object in
            !allowed.contains(object) && !allowed.contains(ObjectKind.split(object)?.name ?? object)
        }.map { ObjectKind.split($0)?.name ?? $0 }
        let isOk = actual <= limit || missing.isEmpty
        let flags = missing.map { " --allow-remove \($0)" }.joined()
        return Result(
            name: name,
            isOk: isOk,
            limit: limit,
            actual: actual,
            missing: isOk ? [] : missing,
            finding: isOk
                ? nil
                : Diagnostic(
                    code: code,
                    message: message,
                    mark: nil,
                    help: ["when all of this is meant, add\(flags)"]
                )
        )
    }
}
