/// Decides whether a call that may wait for a disk is made on the loop, or by the ring's workers.
///
/// A buffered write is a copy into the page cache and much cheaper on the loop; but when the
/// kernel holds writers back, or a disk hangs, it waits, and a loop serves others too. So each
/// such call is timed:
///
/// ```
/// trusting --slow call--> watching --it slept again, or very slow--> resting (calls go to the ring)
///     ^                      |                                           |
///     +-------- calm --------+<--------------- time is up --------------+
/// ```
/// A call that was slow because its thread lost the processor says nothing about the disk: while
/// watching, the caller finds out whether the thread slept in the call.
struct SynchronousPace: Hashable, Sendable {
    /// A call that takes longer is slow.
    static let slowNanoseconds: UInt64 = 2_000_000
    /// A call that takes longer waited for a disk, no doubt.
    static let verySlowNanoseconds: UInt64 = 20_000_000
    /// First and longest time for which calls go to the ring.
    static let restNanosecondsMin: UInt64 = 100_000_000
    static let restNanosecondsMax: UInt64 = 1_000_000_000
    /// How long calls are watched after a slow one.
    static let watchNanoseconds: UInt64 = 1_000_000_000
    /// After so long without a slow call the next rest is short again.
    static let calmNanoseconds: UInt64 = 10_000_000_000

    /// How the next call is made.
    enum Mode: Hashable, Sendable {
        /// On the loop.
        case trusting
        /// On the loop; whether the thread slept must be found out.
        case watching
        /// By the ring.
        case resting
    }

    private var watchEnd: UInt64 = 0
    private var restEnd: UInt64 = 0
    private var restNanoseconds = Self.restNanosecondsMin
    private var lastSlow: UInt64 = 0

    /// How a call that begins now is made.
    @inline(__always)
    func mode(now: UInt64) -> Mode {
        if now >= watchEnd { return .trusting }
        return now < restEnd ? .resting : .watching
    }

    /// Takes note of a call.
    ///
    /// - Parameters:
    ///   - begin: When it began, in nanoseconds.
    ///   - end: When it ended.
    ///   - slept: Whether the thread slept in it; nothing when that was not watched.
    @inline(__always)
    mutating func record(begin: UInt64, end: UInt64, slept: Bool?) {
        guard end &- begin > Self.slowNanoseconds else { return }
        recordSlow(begin: begin, end: end, slept: slept)
    }

    private mutating func recordSlow(begin: UInt64, end: UInt64, slept: Bool?) {
        let isVerySlow = end - begin > Self.verySlowNanoseconds
        if !isVerySlow, slept == false { return }
        if !isVerySlow, slept == nil {
            watchEnd = end + Self.watchNanoseconds
            return
        }
        if end - lastSlow > Self.calmNanoseconds { restNanoseconds = Self.restNanosecondsMin }
        lastSlow = end
        restEnd = end + restNanoseconds
        watchEnd = restEnd + Self.watchNanoseconds
        restNanoseconds = min(restNanoseconds * 2, Self.restNanosecondsMax)
    }
}
