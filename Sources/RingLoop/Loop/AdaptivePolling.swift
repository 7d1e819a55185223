/// How long a loop looks for completions before it sleeps: long while that pays, else not at all.
///
/// To sleep and to be woken costs tens of microseconds, on a virtual machine most of all. A client
/// that answers within that time is met awake; one that does not costs nothing, because the first
/// long wait ends the polling.
///
/// ```
/// not polling --two short waits--> polling up to the limit --one long wait--> not polling
/// ```
struct AdaptivePolling {
    /// Longest time for which a loop polls, in nanoseconds.
    static let nanosecondsMax: UInt64 = 60_000
    /// A wait that took longer would not have been met by polling; waking is part of a wait.
    static let shortNanoseconds: UInt64 = 100_000
    /// Short waits in a row that begin the polling.
    static let shortCountMin = 2

    private var shortCount = 0

    /// How long to poll before the next sleep, in nanoseconds.
    var budgetNanoseconds: UInt64 {
        shortCount >= Self.shortCountMin ? Self.nanosecondsMax : 0
    }

    /// Takes note of how long the loop had nothing to do.
    mutating func recordWait(nanoseconds: UInt64) {
        if nanoseconds > Self.shortNanoseconds {
            shortCount = 0
        } else if shortCount < Self.shortCountMin {
            shortCount += 1
        }
    }
}
