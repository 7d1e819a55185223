package import GraphModel

/// What came of one guard.
package struct GuardResult: Hashable, Sendable {
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
