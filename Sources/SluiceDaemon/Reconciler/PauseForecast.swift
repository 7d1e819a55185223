internal import BlockGraph
internal import Reconciliation

/// Foretells how long a drained export is paused, from the pauses that were.
struct PauseForecast: Hashable, Sendable {
    /// What is expected before the first pause: requests in flight and one write of the journal.
    static let defaultNanoseconds: UInt64 = 2_000_000
    private static let keptMax = 32

    private var pauses: [UInt64] = []

    /// What is expected, in nanoseconds: the median of the last pauses.
    var expectedNanoseconds: UInt64 {
        guard !pauses.isEmpty else { return Self.defaultNanoseconds }
        return pauses.sorted()[pauses.count / 2]
    }

    /// What is expected of each export that a plan drains.
    func expectedNanoseconds(of plan: Plan) -> [String: UInt64] {
        Dictionary(uniqueKeysWithValues: plan.drainedExports.map { ($0, expectedNanoseconds) })
    }

    /// Learns from what was measured.
    mutating func learn(from receipt: Receipt) {
        let longest = receipt.exports.map(\.pauseNanoseconds).max() ?? 0
        guard longest > 0 else { return }
        pauses.append(longest)
        if pauses.count > Self.keptMax { pauses.removeFirst() }
    }
}
