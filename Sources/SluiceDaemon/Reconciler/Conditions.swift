/// What is true of the daemon now, and why: the answer of `status` in one table.
package struct Conditions: Hashable, Sendable {
    /// What can be true.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// What the sources wish is live.
        case ready = "Ready"
        /// The sources can be read.
        case sourceReady = "SourceReady"
        /// A change is on its way.
        case reconciling = "Reconciling"
        /// Something is not as it should be, and the daemon goes on.
        case degraded = "Degraded"
        /// A change waits for a person.
        case held = "Held"
    }

    /// One line of the table.
    package struct Condition: Hashable, Sendable {
        /// Whether it is true.
        package let isTrue: Bool
        /// One word for programs, such as `ConfigurationRejected`.
        package let reason: String
        /// A sentence for people; may be empty.
        package let message: String
        /// When it became true or false, in seconds since 1970.
        package let sinceUnixSeconds: Int64
    }

    /// The table.
    package private(set) var table: [Kind: Condition] = [:]

    /// Nothing is known yet.
    package init(nowUnixSeconds: Int64) {
        for kind in Kind.allCases {
            table[kind] = Condition(
                isTrue: false,
                reason: "Starting",
                message: "",
                sinceUnixSeconds: nowUnixSeconds
            )
        }
    }

    /// Says what is true now; the time moves only when true became false or the other way round.
    package mutating func set(
        _ kind: Kind,
        _ isTrue: Bool,
        reason: String,
        message: String = "",
        nowUnixSeconds: Int64
    ) {
        let old = table[kind]
        let since = old?.isTrue == isTrue ? old?.sinceUnixSeconds : nil
        table[kind] = Condition(
            isTrue: isTrue,
            reason: reason,
            message: message,
            sinceUnixSeconds: since ?? nowUnixSeconds
        )
    }

    /// Whether something is true.
    package subscript(_ kind: Kind) -> Bool { table[kind]?.isTrue ?? false }
}
