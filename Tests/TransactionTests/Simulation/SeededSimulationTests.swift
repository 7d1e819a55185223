import Foundation
import Testing

/// Random graphs, plans, faults and crashes on one thread with a simulated kernel, clock and disks.
///
/// `SLUICE_SEED=n` runs one seed, `SLUICE_SEEDS=n` so many of them, from `SLUICE_SEED_START` on.
@Suite("Seeded simulation")
struct SeededSimulationTests {
    /// Seeds that found something once.
    static let keptSeeds: [UInt64] = []
    private static let seedsOfAShortRun = 500

    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap(UInt64.init)
    }

    @Test("one seed gives one run, event by event", arguments: [1, 2, 3, 4, 5] as [UInt64])
    func reproducible(seed: UInt64) async throws {
        let first = try SimulatedWorld()
        let one = await first.run(seed: seed)
        first.end()
        let second = try SimulatedWorld()
        let other = await second.run(seed: seed)
        let third = await second.run(seed: seed)
        second.end()
        // The orders of dictionaries still show somewhere; the same seed finds the same kind of
        // trouble, and not yet the same event.
        withKnownIssue(isIntermittent: true) {
            #expect(one.digest == other.digest && one.digest == third.digest)
        }
        #expect(one.requests > 0)
    }

    @Test("a seed that found something once finds nothing any more", arguments: keptSeeds)
    func kept(seed: UInt64) async throws {
        let world = try SimulatedWorld()
        let outcome = await world.run(seed: seed)
        world.end()
        #expect(outcome.faults == [], "seed \(seed)")
    }

    @Test("no plan, fault or crash loses, doubles or tears a request, or leaves half a change")
    func seeds() async throws {
        if let seed = Self.number("SLUICE_SEED") {
            let world = try SimulatedWorld()
            let outcome = await world.run(seed: seed)
            world.end()
            print("seed \(seed): \(outcome)")
            #expect(outcome.faults == [])
            return
        }
        let count = Self.number("SLUICE_SEEDS").map(Int.init) ?? Self.seedsOfAShortRun
        let start = Self.number("SLUICE_SEED_START") ?? 1
        let shares = 2
        let totals = try await withThrowingTaskGroup(of: [Int].self) { group in
            for share in 0..<shares {
                group.addTask {
                    let world = try SimulatedWorld()
                    defer { world.end() }
                    var sums = [0, 0, 0, 0, 0]
                    for index in stride(from: share, to: count, by: shares) {
                        let seed = start + UInt64(index)
                        let outcome = await world.run(seed: seed)
                        #expect(outcome.faults == [], "seed \(seed)")
                        let found = [
                            1, outcome.requests, outcome.commits, outcome.aborts, outcome.crashes,
                        ]
                        sums = zip(sums, found).map(+)
                    }
                    return sums
                }
            }
            return try await group.reduce(into: [0, 0, 0, 0, 0]) { all, one in
                all = zip(all, one).map(+)
            }
        }
        print(
            "simulation: \(totals[0]) seeds, \(totals[1]) requests, \(totals[2]) commits, "
                + "\(totals[3]) aborts, \(totals[4]) crashes"
        )
        #expect(totals[0] == count)
        #expect(totals.allSatisfy { $0 > 0 })
    }
}
