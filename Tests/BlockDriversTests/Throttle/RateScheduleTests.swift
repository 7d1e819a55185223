import Testing

@testable import BlockDrivers

@Suite("Rates")
struct RateScheduleTests {
    private let second: UInt64 = 1_000_000_000

    /// How many requests of some units go within a time, if there are always more.
    private func count(
        _ bucket: RateSchedule.Bucket,
        units: Double,
        seconds: UInt64
    ) -> Int {
        let start = 1_000 * second
        var empty: UInt64 = 0
        var now = start
        var count = 0
        while true {
            let (ready, next) = bucket.reserve(units: units, emptyNanoseconds: empty, now: now)
            now = max(now, ready)
            guard now < start + seconds * second else { return count }
            empty = next
            count += 1
        }
    }

    @Test(
        "an average is kept, after a slack of a tenth of a second",
        arguments: [(100, 10), (1_000, 3), (50_000, 2)]
    )
    func average(rate: UInt64, seconds: UInt64) {
        let schedule = RateSchedule(average: rate)
        let found = count(schedule.main, units: 1, seconds: seconds)
        let expected = Int(rate * seconds + rate / 10)
        #expect(abs(found - expected) <= 2, "\(found) instead of \(expected)")
    }

    @Test("a burst is as large as its rate and length say, then the average holds")
    func burst() {
        let schedule = RateSchedule(
            average: 100,
            maximum: 1_000,
            lengthNanoseconds: 3 * second
        )
        #expect(abs(count(schedule.main, units: 1, seconds: 10) - (3_000 + 1_000)) <= 2)
        // Within the burst its own rate holds.
        #expect(abs(count(schedule.burst, units: 1, seconds: 2) - (2_000 + 100)) <= 2)
    }

    @Test("a burst of one second has no rate of its own")
    func shortBurst() {
        let schedule = RateSchedule(average: 100, maximum: 1_000)
        #expect(schedule.burst == .none)
        #expect(abs(count(schedule.main, units: 1, seconds: 1) - 1_100) <= 2)
    }

    @Test("a request larger than the limit goes, and is paid for afterwards")
    func large() {
        let bucket = RateSchedule(average: 1_000_000).main
        let now = 10 * second
        let first = bucket.reserve(units: 32_000_000, emptyNanoseconds: 0, now: now)
        #expect(first.readyNanoseconds == now)
        let second = bucket.reserve(
            units: 1,
            emptyNanoseconds: first.emptyNanoseconds,
            now: now
        )
        #expect(second.readyNanoseconds == now + 32 * self.second - self.second / 10)
    }

    @Test("a faster limit shortens the debt, and nobody owes more than a full bucket")
    func change() {
        let slow = RateSchedule(average: 1).main
        let fast = RateSchedule(average: 1_000).main
        let now = 100 * second
        let debt = now + 60 * second
        let after = fast.emptyNanoseconds(after: slow, emptyNanoseconds: debt, now: now)
        #expect(after == now + 60_000_000)
        let slower = slow.emptyNanoseconds(after: fast, emptyNanoseconds: debt, now: now)
        #expect(slower == now + RateSchedule.slackNanoseconds)
    }
}
