internal import CLinux

/// The clock of the loops: it never goes back, and no clock change moves it.
package enum MonotonicClock {
    /// Now, in nanoseconds since some start.
    package static var now: UInt64 { clinux_monotonic_ns() }
}
