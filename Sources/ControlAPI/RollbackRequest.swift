package import GraphModel

/// A wish to go back to a generation, with what the person allows.
package struct RollbackRequest: Hashable, Sendable {
    /// The generation; `nil` is the one before the live one.
    package var generation: UInt64?
    /// Names of objects that may be removed although a guard protects them.
    package var allowRemove: [String]
    /// Longest wait for requests in flight, in nanoseconds; the daemon's own when absent.
    package var drainTimeoutNanoseconds: UInt64?
    /// Identity of the plan that was shown; another plan is refused as stale.
    package var plan: String?

    /// A wish.
    package init(
        generation: UInt64?,
        allowRemove: [String] = [],
        drainTimeoutNanoseconds: UInt64? = nil,
        plan: String? = nil
    ) {
        self.generation = generation
        self.allowRemove = allowRemove
        self.drainTimeoutNanoseconds = drainTimeoutNanoseconds
        self.plan = plan
    }

    private static let format = "sluice.rollback/1"

    /// The wish as JSON.
    package var json: JSONValue {
        [
            "format": .text(Self.format),
            "generation": generation.map { .integer(Int64(clamping: $0)) } ?? .null,
            "allowRemove": JSONValue(texts: allowRemove),
            "drainTimeoutNanoseconds":
                drainTimeoutNanoseconds.map { .integer(Int64(clamping: $0)) } ?? .null,
            "plan": plan.map { .text($0) } ?? .null,
        ]
    }

    /// Reads the form that ``json`` writes; `nil` when it is another.
    package init?(json: JSONValue) {
        guard json["format"]?.text == Self.format else { return nil }
        self.init(
            generation: json["generation"]?.integer.map { UInt64(clamping: $0) },
            allowRemove: (json["allowRemove"]?.list ?? []).compactMap(\.text),
            drainTimeoutNanoseconds: json["drainTimeoutNanoseconds"]?.integer.map {
                UInt64(clamping: $0)
            },
            plan: json["plan"]?.text
        )
    }
}
