import Testing

@testable import sluice_benchmark

@Suite("Latency histogram")
struct LatencyHistogramTests {
    @Test(
        "a value is found again within one percent",
        arguments: [1, 127, 128, 255, 256, 1000, 65_535, 1_000_000, 123_456_789_012, UInt64.max]
    )
    func precision(value: UInt64) {
        var histogram = LatencyHistogram()
        histogram.record(value)
        let found = histogram.percentile(0.5)
        #expect(found <= value)
        #expect(value - found <= value / 100)
    }

    @Test(
        "percentiles are the values at their ranks",
        arguments: [(0.5, 50), (0.99, 99), (0.999, 100), (0, 1), (1, 100)]
    )
    func ranks(share: Double, value: UInt64) {
        var histogram = LatencyHistogram()
        for recorded in 1...100 { histogram.record(UInt64(recorded)) }
        #expect(histogram.percentile(share) == value)
    }

    @Test("nothing recorded is zero")
    func empty() {
        let histogram = LatencyHistogram()
        let found = histogram.percentile(0.99)
        #expect(found == 0)
    }
}
