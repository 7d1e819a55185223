import Testing

@testable import BlockDrivers

@Suite("Pace of calls that may wait for a disk")
struct SynchronousPaceTests {
    private let millisecond: UInt64 = 1_000_000

    @Test("after a slow call the ring takes over, for longer each time up to a second")
    func rest() {
        var pace = SynchronousPace()
        var now = 5_000 * millisecond
        for expected: UInt64 in [100, 200, 400, 800, 1_000, 1_000] {
            #expect(pace.isTrusting(now: now))
            pace.recordSleep(end: now)
            #expect(!pace.isTrusting(now: now + (expected - 1) * millisecond))
            now += expected * millisecond
        }
        #expect(pace.isTrusting(now: now))
    }

    @Test("a long calm makes the next rest short again")
    func calm() {
        var pace = SynchronousPace()
        pace.recordSleep(end: 1_000 * millisecond)
        pace.recordSleep(end: 1_100 * millisecond)
        let later = 60_000 * millisecond
        pace.recordSleep(end: later)
        #expect(pace.isTrusting(now: later + 100 * millisecond))
    }

    @Test("more than a tick is slow", arguments: [(0, false), (4, false), (8, true)])
    func slow(milliseconds: UInt64, isSlow: Bool) {
        #expect(SynchronousPace.isSlow(begin: 7, end: 7 + milliseconds * millisecond) == isSlow)
    }
}
