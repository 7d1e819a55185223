/// Draws a burst of events together into one moment to look, with time passed in.
///
/// A burst ends after a quiet time, at the latest after a longest time.
package struct Debounce: Sendable {
    /// The two times of a debounce.
    package struct Times: Hashable, Sendable {
        /// Quiet that ends a burst, in nanoseconds.
        package var quietNanoseconds: UInt64 = 150_000_000
        /// Longest burst, in nanoseconds.
        package var longestNanoseconds: UInt64 = 3_000_000_000

        /// The usual times: 150 ms and 3 s.
        package init() {}
    }

    /// A burst that ended.
    package struct Burst: Hashable, Sendable {
        /// How many events it had.
        package let count: Int
        /// Time between the first and the last event, in nanoseconds.
        package let lengthNanoseconds: UInt64
    }

    private let times: Times
    private var firstNanoseconds: UInt64 = 0
    private var lastNanoseconds: UInt64 = 0
    private var count = 0

    /// A debounce without a burst.
    package init(times: Times = Times()) { self.times = times }

    /// Takes one event that concerns a document.
    package mutating func note(nowNanoseconds: UInt64) {
        if count == 0 { firstNanoseconds = nowNanoseconds }
        lastNanoseconds = nowNanoseconds
        count += 1
    }

    /// When the burst ends if nothing more happens; `nil` without a burst.
    package var dueNanoseconds: UInt64? {
        guard count > 0 else { return nil }
        return min(
            lastNanoseconds + times.quietNanoseconds,
            firstNanoseconds + times.longestNanoseconds
        )
    }

    /// Ends the burst when its time has come.
    package mutating func take(nowNanoseconds: UInt64) -> Burst? {
        guard let dueNanoseconds, dueNanoseconds <= nowNanoseconds else { return nil }
        let burst = Burst(count: count, lengthNanoseconds: lastNanoseconds - firstNanoseconds)
        count = 0
        return burst
    }
}
