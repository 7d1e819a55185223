import BlockGraph
import GraphModel
import Testing

@testable import BlockDrivers

@Suite("Throttle groups")
struct ThrottleTests {
    private let second: UInt64 = 1_000_000_000

    private func limits(_ pairs: [(String, Int64)]) -> Options {
        Options(pairs.map { ($0.0, .integer($0.1)) })
    }

    private func group(_ pairs: [(String, Int64)], now: UInt64 = 0) -> ThrottleGroup {
        ThrottleGroup(ThrottleGroupDescription(name: "g", limits: limits(pairs)), now: now)
    }

    /// Requests of each of some nodes that go within a time; each node reserves for its oldest.
    private func shares(
        _ group: ThrottleGroup,
        nodes: Int,
        isWrite: Bool = false,
        lengthBytes: UInt64 = 4096,
        seconds: UInt64
    ) -> [Int] {
        var counts = [Int](repeating: 0, count: nodes)
        var now = 50 * second
        let end = now + seconds * second
        var ready = (0..<nodes).map { _ in
            group.reserve(isWrite: isWrite, lengthBytes: lengthBytes, now: now)
        }
        while let next = ready.indices.min(by: { ready[$0] < ready[$1] }) {
            now = max(now, ready[next])
            guard now < end else { return counts }
            counts[next] += 1
            ready[next] = group.reserve(isWrite: isWrite, lengthBytes: lengthBytes, now: now)
        }
        return counts
    }

    @Test("nodes of a group get equal shares of one limit", arguments: [1, 2, 5])
    func fairness(nodes: Int) {
        let counts = shares(group([("iops-total", 1_000)]), nodes: nodes, seconds: 5)
        let each = 5_100 / nodes
        #expect(counts.allSatisfy { abs($0 - each) <= 110 }, "\(counts)")
        #expect(abs(counts.reduce(0, +) - 5_100) <= nodes + 1)
    }

    @Test("bytes, directions and large operations count as they should")
    func kinds() {
        let bytes = group([("bps-write", 4_096_000)])
        #expect(abs(shares(bytes, nodes: 1, isWrite: true, seconds: 4)[0] - 4_100) <= 2)
        #expect(bytes.reserve(isWrite: false, lengthBytes: 1 << 30, now: 1) == 1)
        let sized = group([("iops-total", 1_000), ("iops-size", 4_096)])
        #expect(abs(shares(sized, nodes: 1, lengthBytes: 16_384, seconds: 4)[0] - 1_025) <= 2)
    }

    @Test("limits change with the commit; groups come and go with a transaction")
    func transaction() throws {
        let groups = ThrottleGroups()
        var live = GraphDescription()
        var desired = GraphDescription()
        desired.throttleGroups["g"] = ThrottleGroupDescription(
            name: "g",
            limits: limits([("iops-total", 10)])
        )
        try groups.prepare(live: live, desired: desired).abort()
        #expect(groups.group("g") == nil)
        try groups.prepare(live: live, desired: desired).commit()
        let group = try #require(groups.group("g"))
        live = desired
        desired.throttleGroups["g"]?.limits = limits([("iops-total", 0)])
        let revision = group.revision
        let change = try groups.prepare(live: live, desired: desired)
        #expect(group.revision == revision)
        change.commit()
        #expect(group.revision == revision + 1)
        try groups.prepare(live: desired, desired: GraphDescription()).commit()
        #expect(groups.group("g") == nil)
    }

    private func stack(_ groups: ThrottleGroups) throws -> NodeStack {
        try NodeStack(
            [
                node("null-co", [("size", .integer(1 << 30))]),
                node("throttle", [("throttle-group", .text("g"))], over: "file"),
            ],
            groups: groups
        )
    }

    @Test("what waits goes at once when the limit is lifted, and when a drain begins")
    func lift() async throws {
        let groups = ThrottleGroups()
        var live = GraphDescription()
        live.throttleGroups["g"] = ThrottleGroupDescription(
            name: "g",
            limits: limits([("bps-write", 1)])
        )
        // One of them is paid for an hour afterwards, however slow this test is.
        let hour = [UInt8](repeating: 1, count: 3600)
        try groups.prepare(live: GraphDescription(), desired: live).commit()
        try await DriverBench.run(try stack(groups)) { bench in
            for _ in 0..<2 {
                await bench.withDriver(1) { $0.drainEnded() }
                async let answers: [Answer] = withTaskGroup(of: Answer.self) { group in
                    for _ in 0..<20 {
                        group.addTask { await bench.ask(.write, 0, bytes: hour) }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                while await bench.waitingCount < 19 { await Task.yield() }
                // Reads and flushes do not wait behind writes.
                #expect(await bench.ask(.read, 0, 512).waited == false)
                #expect(await bench.ask(.flush).waited == false)
                await bench.withDriver(1) { $0.drainBegan() }
                #expect(await answers.filter(\.waited).count >= 19)
            }
            await bench.withDriver(1) { $0.drainEnded() }
            async let first = bench.ask(.write, 0, bytes: hour)
            async let last = bench.ask(.write, 0, bytes: hour)
            while await bench.waitingCount == 0 { await Task.yield() }
            var desired = live
            desired.throttleGroups["g"]?.limits = Options()
            try groups.prepare(live: live, desired: desired).commit()
            // Nobody tells the view: it looks by itself.
            #expect(await first.errorNumber == 0)
            #expect(await last.errorNumber == 0)
        }
    }
}
