/// When to try again what failed because of the host: after 1, 2, 4 … 300 seconds.
package struct RetrySchedule: Hashable, Sendable {
    /// The longest wait, in seconds.
    package static let longestSeconds: UInt64 = 300

    /// How often it was tried in vain.
    package private(set) var failureCount = 0

    /// Nothing has failed.
    package init() {}

    /// Counts a failure; returns how long to wait, in seconds.
    package mutating func fail() -> UInt64 {
        failureCount += 1
        let exponent = min(failureCount - 1, 16)
        return min(1 << UInt64(exponent), Self.longestSeconds)
    }

    /// Forgets the failures, after a success or because something changed.
    package mutating func reset() { failureCount = 0 }
}
