internal import BlockGraph
internal import Reconciliation

/// The pauses of drained exports that were, from which the next one is foretold.
struct PauseHistory: Hashable, Sendable {
    /// What is expected before the first pause: requests in flight and one write of the journal.
    static let defaultNanoseconds: UInt64 = 2_000_000
    private static let keptMax = 32

    private var pauses: [UInt64] = []

    /// The next pause: the median of the last ones.
    ///
    /// - Parameter boundNanoseconds: Longest pause before a change is given up, in nanoseconds.
    /// - Returns: The forecast.
    func forecast(boundNanoseconds: UInt64) -> PauseForecast {
        PauseForecast(
            expectedNanoseconds: pauses.isEmpty
                ? Self.defaultNanoseconds : pauses.sorted()[pauses.count / 2],
            boundNanoseconds: boundNanoseconds,
            basis: pauses.isEmpty ? .default : .history
        )
    }

    /// Learns from what was measured.
    mutating func learn(from receipt: Receipt) {
        let longest = receipt.exports.map(\.pauseNanoseconds).max() ?? 0
        guard longest > 0 else { return }
        pauses.append(longest)
        if pauses.count > Self.keptMax { pauses.removeFirst() }
    }
}
