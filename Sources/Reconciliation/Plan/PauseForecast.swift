package import GraphModel

/// How long a drained export is expected to hold its requests.
package struct PauseForecast: Hashable, Sendable {
    /// What a forecast is made from.
    package enum Basis: String, Hashable, Sendable {
        /// Pauses that were measured.
        case history
        /// No pause was measured yet.
        case `default`
    }

    /// What is expected, in nanoseconds.
    package let expectedNanoseconds: UInt64
    /// After this long a change is given up and requests go on, in nanoseconds.
    package let boundNanoseconds: UInt64
    /// What it is made from.
    package let basis: Basis

    /// A forecast.
    package init(expectedNanoseconds: UInt64, boundNanoseconds: UInt64, basis: Basis) {
        self.expectedNanoseconds = expectedNanoseconds
        self.boundNanoseconds = boundNanoseconds
        self.basis = basis
    }

    /// Reads what ``json`` writes; `nil` for anything else.
    package init?(json: JSONValue?) {
        guard let expected = json?["expected"]?.integer, let bound = json?["bound"]?.integer,
            expected >= 0, bound >= 0, let basis = json?["basis"]?.text.flatMap(Basis.init)
        else { return nil }
        self.init(
            expectedNanoseconds: UInt64(expected) * 1_000,
            boundNanoseconds: UInt64(bound) * 1_000,
            basis: basis
        )
    }

    /// The forecast in microseconds, as plans print it.
    package var json: JSONValue {
        [
            "expected": .integer(Int64(clamping: expectedNanoseconds / 1_000)),
            "bound": .integer(Int64(clamping: boundNanoseconds / 1_000)),
            "basis": .text(basis.rawValue),
        ]
    }
}
