import Testing

@testable import FileWatching

@Suite("Debounce")
struct DebounceTests {
    private static let millisecond: UInt64 = 1_000_000

    @Test("a burst ends after 150 ms of quiet")
    func quiet() {
        var debounce = Debounce()
        debounce.note(.other, path: "/a/x.yaml", nowNanoseconds: 0)
        debounce.note(.other, path: "/a/y.yaml", nowNanoseconds: 100 * Self.millisecond)
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
            debounce.note(.other, path: "/a/x.yaml", nowNanoseconds: now)
        }
        #expect(debounce.dueNanoseconds == 3_000 * Self.millisecond)
        #expect(debounce.take(nowNanoseconds: 3_000 * Self.millisecond)?.count == 30)
    }

    @Test("a writer in the middle of a file is waited for until it closes the file")
    func writer() {
        var debounce = Debounce()
        debounce.note(.written, path: "/a/x.yaml", nowNanoseconds: 0)
        #expect(debounce.take(nowNanoseconds: 5_000 * Self.millisecond) == nil)
        debounce.note(.settled, path: "/a/x.yaml", nowNanoseconds: 2_900 * Self.millisecond)
        #expect(debounce.dueNanoseconds == 3_000 * Self.millisecond)
    }

    @Test("a writer that never closes its file is waited for 30 s")
    func stuckWriter() {
        var debounce = Debounce()
        debounce.note(.written, path: "/a/x.yaml", nowNanoseconds: 0)
        debounce.note(.written, path: "/a/x.yaml", nowNanoseconds: 29_999 * Self.millisecond)
        #expect(debounce.take(nowNanoseconds: 29_999 * Self.millisecond) == nil)
        #expect(debounce.take(nowNanoseconds: 30_000 * Self.millisecond)?.count == 2)
    }
}
