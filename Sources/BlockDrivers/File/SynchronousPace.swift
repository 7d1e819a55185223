/// Decides whether a call that may wait for a disk is made on the loop, or by the ring's workers.
///
/// A buffered write is a copy into the page cache and much cheaper on the loop; but when the
/// kernel holds writers back, or a disk hangs, it waits, and a loop serves others too. So each
/// such call is timed, in ticks of the kernel:
///
/// ```
/// trusting --slow call in which the thread slept--> resting (calls go to the ring)
///     ^                                                |
///     +------------------ time is up -----------------+
/// ```
/// A call that was slow because its thread lost the processor says nothing about the disk, which
/// is why sleep counts and time alone does not. A disk that hangs holds the loop once a rest.
struct SynchronousPace: Hashable, Sendable {
    /// A call that takes longer is slow: more than one tick of most kernels.
    static let slowNanoseconds: UInt64 = 5_000_000
    /// First and longest time for which calls go to the ring.
    static let restNanosecondsMin: UInt64 = 100_000_000
    static let restNanosecondsMax: UInt64 = 1_000_000_000
    /// After so long without a slow call the next rest is short again.
    static let calmNanoseconds: UInt64 = 10_000_000_000

    private var restEnd: UInt64 = 0
    private var restNanoseconds = Self.restNanosecondsMin

    /// Whether a call may be made on the loop now.
    @inline(__always)
    func isTrusting(now: UInt64) -> Bool { now >= restEnd }

    /// Whether a call was so slow that it matters whether the thread slept in it.
    @inline(__always)
    static func isSlow(begin: UInt64, end: UInt64) -> Bool { end &- begin > slowNanoseconds }

    /// Takes note of a slow call in which the thread slept.
    mutating func recordSleep(end: UInt64) {
        let isCalm = end > restEnd && end - restEnd > Self.calmNanoseconds
        if isCalm { restNanoseconds = Self.restNanosecondsMin }
        restEnd = end + restNanoseconds
        restNanoseconds = min(restNanoseconds * 2, Self.restNanosecondsMax)
    }
}
