internal import RingLoop

/// How long a transaction waits for a node, or for what is below it, to answer.
struct AccessPatience: Sendable {
    /// Longest time of one request, in nanoseconds.
    let requestNanoseconds: UInt64
    /// When everything has to be over, in nanoseconds of the monotonic clock.
    let deadlineNanoseconds: UInt64

    /// Waits for ever.
    static let endless = AccessPatience(requestNanoseconds: .max, deadlineNanoseconds: .max)

    /// Until when a request may take that is made now.
    var end: UInt64 {
        let (end, overflow) = MonotonicClock.now.addingReportingOverflow(requestNanoseconds)
        return overflow ? deadlineNanoseconds : min(end, deadlineNanoseconds)
    }
}
