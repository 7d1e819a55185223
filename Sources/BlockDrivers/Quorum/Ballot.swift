internal import Glibc

/// A vote of copies that lie one after the other in memory.
struct Ballot {
    /// A copy whose bytes most of the voters have.
    let winner: Int
    /// How many have them.
    let count: Int
    /// Voters whose bytes are others.
    let losers: [Int]

    /// Counts the votes; nothing without voters.
    ///
    /// Of two equally large groups the one that comes first wins, so that a vote can be repeated.
    init?(_ voters: [Int], _ memory: UnsafeRawPointer, _ lengthBytes: Int) {
        func isEqual(_ one: Int, _ other: Int) -> Bool {
            one == other
                || memcmp(memory + one * lengthBytes, memory + other * lengthBytes, lengthBytes)
                    == 0
        }
        var best: (winner: Int, losers: [Int])?
        for candidate in voters {
            let losers = voters.filter { !isEqual(candidate, $0) }
            if losers.count < best?.losers.count ?? .max { best = (candidate, losers) }
            // Nobody can have more than all the others.
            if losers.count * 2 < voters.count { break }
        }
        guard let best else { return nil }
        winner = best.winner
        losers = best.losers
        count = voters.count - best.losers.count
    }
}
