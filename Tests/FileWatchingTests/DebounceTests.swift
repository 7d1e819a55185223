import Testing

@testable import FileWatching

@Suite("Debounce")
struct DebounceTests {
    private static let millisecond: UInt64 = 1_000_000

    @Test("a burst ends after 150 ms of quiet")
    func quiet() {
        var debounce = Debounce()
        debounce.note(nowNanoseconds: 0)
        debounce.note(nowNanoseconds: 100 * Self.millisecond)
        #expect(debounce.take(nowNanoseconds: 249 * Self.millisecond) == nil)
        let burst = debounce.take(nowNanoseconds: 250 * Self.millisecond)
        #expect(burst == Debounce.Burst(count: 2, lengthNanoseconds: 100 * Self.millisecond))
        #expect(debounce.dueNanoseconds == nil)
    }

    @Test("a burst without quiet ends after 3 s")
    func longest() {
        var debounce = Debounce()
        for turn in 0..<30 {
            let now = UInt64(turn) * 100 * Self.millisecond
            #expect(debounce.take(nowNanoseconds: now) == nil)
            debounce.note(nowNanoseconds: now)
        }
        #expect(debounce.dueNanoseconds == 3_000 * Self.millisecond)
        #expect(debounce.take(nowNanoseconds: 3_000 * Self.millisecond)?.count == 30)
    }
}
