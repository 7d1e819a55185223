import Testing

@testable import sluice_benchmark

@Suite("Results")
struct ResultsTests {
    private static func measurement(
        _ server: String,
        _ setting: String,
        round: Int,
        iops: Double
    ) -> Measurement {
        Measurement(
            round: round,
            server: server,
            setting: setting,
            workload: "w",
            client: "own",
            operations: 1,
            iops: iops,
            p50Microseconds: 1,
            p99Microseconds: 1,
            p999Microseconds: 1,
            serverSecondsPerMillion: 1
        )
    }

    @Test("ratios are of the same round, and the peer's better setting counts")
    func ratios() throws {
        let results = Results(
            measurements: [
                Self.measurement("sluice", "file", round: 0, iops: 100),
                Self.measurement("peer", "slow", round: 0, iops: 10),
                Self.measurement("peer", "fast", round: 0, iops: 50),
                Self.measurement("sluice", "file", round: 1, iops: 300),
                Self.measurement("peer", "slow", round: 1, iops: 20),
                Self.measurement("peer", "fast", round: 1, iops: 100),
            ],
            subject: "sluice"
        )
        let best = results.best("peer", workload: "w", client: "own")
        #expect(best.allSatisfy { $0.setting == "fast" })
        // 100/50 and 300/100.
        #expect(results.ratio(of: \.iops, to: "peer", workload: "w", client: "own") == 2.5)
    }

    @Test("a mark at its bound is met")
    func bounds() {
        let most = Mark(client: "own", peer: "p", workload: "w", figure: .iops, bound: 4)
        #expect(most.isMet(by: 4) && !most.isMet(by: 3.99))
        let least = Mark(
            client: "own",
            peer: "p",
            workload: "w",
            figure: .processorTime,
            bound: 0.25
        )
        #expect(least.isMet(by: 0.25) && !least.isMet(by: 0.26))
    }
}
