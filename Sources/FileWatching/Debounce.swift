/// Draws a burst of events together into one moment to look, with time passed in.
///
/// A burst ends after a quiet time, at the latest after a longest time. While a file was written to
/// and not closed since, its writer is in the middle of something and the burst waits longer.
package struct Debounce: Sendable {
    /// The three times of a debounce.
    package struct Times: Hashable, Sendable {
        /// Quiet that ends a burst, in nanoseconds.
        package var quietNanoseconds: UInt64 = 150_000_000
        /// Longest burst, in nanoseconds.
        package var longestNanoseconds: UInt64 = 3_000_000_000
        /// Longest wait for a writer that keeps a file open, in nanoseconds.
        package var writerNanoseconds: UInt64 = 30_000_000_000

        /// The usual times: 150 ms, 3 s, 30 s.
        package init() {}
    }

    /// What happened to a file.
    package enum Event: Hashable, Sendable {
        /// Its contents were changed through a descriptor that is still open.
        case written
        /// A descriptor that could write was closed, or the name now means another file.
        case settled
        /// Anything else that may matter.
        case other
    }

    /// A burst that ended.
    package struct Burst: Hashable, Sendable {
        /// How many events it had.
        package let count: Int
        /// Time between the first and the last event, in nanoseconds.
        package let lengthNanoseconds: UInt64
    }

    /// More open files than this are not told apart; the burst then ends as if all were closed.
    private static let writersMax = 10_000

    private let times: Times
    private var firstNanoseconds: UInt64 = 0
    private var lastNanoseconds: UInt64 = 0
    private var count = 0
    private var writers: Set<String> = []

    /// A debounce without a burst.
    package init(times: Times = Times()) { self.times = times }

    /// Takes one event that concerns a document.
    package mutating func note(_ event: Event, path: String, nowNanoseconds: UInt64) {
        if count == 0 { firstNanoseconds = nowNanoseconds }
        lastNanoseconds = nowNanoseconds
        count += 1
        switch event {
        case .written: if writers.count < Self.writersMax { writers.insert(path) }
        case .settled: writers.remove(path)
        case .other: break
        }
    }

    /// When the burst ends if nothing more happens; `nil` without a burst.
    package var dueNanoseconds: UInt64? {
        guard count > 0 else { return nil }
        guard writers.isEmpty else { return firstNanoseconds + times.writerNanoseconds }
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
        writers.removeAll()
        return burst
    }
}
