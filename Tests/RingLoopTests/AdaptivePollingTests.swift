import Testing

@testable import RingLoop

@Suite("Adaptive polling")
struct AdaptivePollingTests {
    @Test("a loop that has just started, or waits long, does not poll")
    func idle() {
        var polling = AdaptivePolling()
        #expect(polling.budgetNanoseconds == 0)
        for _ in 0..<10 { polling.recordWait(nanoseconds: 1_000_000) }
        #expect(polling.budgetNanoseconds == 0)
    }

    @Test("short waits begin the polling, and one long wait ends it")
    func busy() {
        var polling = AdaptivePolling()
        polling.recordWait(nanoseconds: 50_000)
        #expect(polling.budgetNanoseconds == 0)
        polling.recordWait(nanoseconds: 50_000)
        #expect(polling.budgetNanoseconds == AdaptivePolling.nanosecondsMax)
        polling.recordWait(nanoseconds: AdaptivePolling.shortNanoseconds + 1)
        #expect(polling.budgetNanoseconds == 0)
    }
}
