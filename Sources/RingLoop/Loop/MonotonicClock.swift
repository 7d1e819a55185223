internal import CLinux

/// The clock of the loops: it never goes back, and no clock change moves it.
package enum MonotonicClock {
    /// Now, in nanoseconds since some start.
    package static var now: UInt64 { clinux_monotonic_ns() }

    /// Now as of the last tick of the kernel, 1 to 10 ms ago at most.
    ///
    /// The exact time makes the processor wait for the copies that it has under way.
    @inline(__always)
    package static var lastTick: UInt64 { clinux_monotonic_tick_ns() }

    /// Has the calling thread see a simulated time from now on.
    ///
    /// - Parameter now: Where the time is; it must stay there. Nothing for the real one.
    package static func simulateOnThisThread(_ now: UnsafePointer<UInt64>?) {
        clinux_simulate_clock(now)
    }
}
