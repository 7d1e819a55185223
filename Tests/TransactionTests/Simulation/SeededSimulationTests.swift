import Foundation
import Simulation
import Testing

/// Random graphs, plans, faults and crashes on one thread with a simulated kernel, clock and disks.
///
/// `SLUICE_SEED=n` runs one seed, `SLUICE_SEEDS=n` so many of them, from `SLUICE_SEED_START` on;
/// `SLUICE_LONG=1` is the long form. The digest that is printed is the same whenever and wherever
/// the same seeds run.
@Suite("Seeded simulation")
struct SeededSimulationTests {
    /// Seeds that found something once.
    static let keptSeeds: [UInt64] = []
    private static let seedsOfAShortRun = 2_000
    private static let seedsOfALongRun = 100_000

    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap(UInt64.init)
    }

    @Test("one seed gives one run, event by event, in whatever world and after whatever seed")
    func reproducible() async throws {
        let count = Self.number("SLUICE_SEEDS_TWICE").map(Int.init) ?? 50
        let first = try SimulatedWorld()
        let second = try SimulatedWorld()
        defer {
            first.end()
            second.end()
        }
        // The second world has another past: one of its own, and its seeds in the other order.
        _ = await second.run(seed: 1_000_003)
        var others: [UInt64: RunLog] = [:]
        for seed in (1...UInt64(count)).reversed() {
            others[seed] = await second.run(seed: seed, keepsEvents: true).log
        }
        for seed in 1...UInt64(count) {
            let log = await first.run(seed: seed, keepsEvents: true).log
            let other = try #require(others[seed])
            #expect(log.difference(from: other) == nil, "seed \(seed)")
            #expect(log.count > 100, "seed \(seed)")
        }
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
        let isLong = ProcessInfo.processInfo.environment["SLUICE_LONG"] == "1"
        let count =
            Self.number("SLUICE_SEEDS").map(Int.init)
            ?? (isLong ? Self.seedsOfALongRun : Self.seedsOfAShortRun)
        let start = Self.number("SLUICE_SEED_START") ?? 1
        let shares = max(2, min(ProcessInfo.processInfo.activeProcessorCount, 16))
        let totals = try await withThrowingTaskGroup(of: Totals.self) { group in
            for share in 0..<shares {
                group.addTask {
                    let world = try SimulatedWorld()
                    defer { world.end() }
                    var totals = Totals()
                    for index in stride(from: share, to: count, by: shares) {
                        let seed = start + UInt64(index)
                        totals.add(await world.run(seed: seed), of: seed)
                    }
                    return totals
                }
            }
            return try await group.reduce(into: Totals()) { $0.add($1) }
        }
        print("simulation: \(totals.words)")
        #expect(totals.failing == [:])
        #expect(totals.seeds == count)
        #expect(totals.requests > 0 && totals.commits > 0)
        #expect(totals.aborts > 0 && totals.crashes > 0)
    }

    /// What all seeds together did.
    private struct Totals: Sendable {
        var seeds = 0
        var requests = 0
        var commits = 0
        var aborts = 0
        var crashes = 0
        /// The same for the same seeds, in whatever order and process they ran.
        var digest: UInt64 = 0
        var failing: [UInt64: [String]] = [:]

        var words: String {
            "\(seeds) seeds, \(requests) requests, \(commits) commits, \(aborts) aborts, "
                + "\(crashes) crashes, \(failing.count) failing seeds, digest "
                + String(digest, radix: 16)
        }

        mutating func add(_ outcome: SimulatedWorld.Outcome, of seed: UInt64) {
            seeds += 1
            requests += outcome.requests
            commits += outcome.commits
            aborts += outcome.aborts
            crashes += outcome.crashes
            digest ^= outcome.log.digest
            if !outcome.faults.isEmpty { failing[seed] = outcome.faults }
        }

        mutating func add(_ other: Totals) {
            seeds += other.seeds
            requests += other.requests
            commits += other.commits
            aborts += other.aborts
            crashes += other.crashes
            digest ^= other.digest
            failing.merge(other.failing) { one, _ in one }
        }
    }
}
