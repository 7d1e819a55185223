internal import ControlAPI

/// A change that goes back by itself unless a person keeps it in time.
///
/// The deadline is kept in the time since the machine was started, so that a step of the wall clock
/// moves nothing; only across a restart of the machine is the wall clock asked.
package struct PendingConfirmation: Hashable, Sendable {
    /// Generation that is live and awaits the confirmation.
    package let generation: UInt64
    /// Digest of its normalised configuration.
    package let digest: String
    /// Generation whose graph comes back.
    package let revertsTo: UInt64
    /// Identity of the machine's run in which it was armed.
    package let bootIdentifier: String
    /// Deadline in time since that start, in nanoseconds.
    package let deadlineBootNanoseconds: UInt64
    /// The same deadline, in seconds since 1970.
    package let deadlineUnixSeconds: Int64

    /// A confirmation that is due some time from now.
    init(
        generation: UInt64,
        digest: String,
        revertsTo: UInt64,
        seconds: UInt64,
        clock: DaemonClock
    ) {
        self.generation = generation
        self.digest = digest
        self.revertsTo = revertsTo
        bootIdentifier = clock.bootIdentifier
        deadlineBootNanoseconds = clock.bootNanoseconds() + seconds * 1_000_000_000
        deadlineUnixSeconds = clock.unixSeconds() + Int64(clamping: seconds)
    }

    /// Reads the journal's line; `nil` when it is none of this kind.
    init?(record: Journal.Record) {
        let words = record.detail.split(separator: ",", omittingEmptySubsequences: false)
        guard record.kind == .armed, words.count == 4, let revertsTo = UInt64(words[0]),
            let boot = UInt64(words[1]), let unix = Int64(words[2])
        else { return nil }
        generation = record.generation
        digest = record.digest
        self.revertsTo = revertsTo
        deadlineBootNanoseconds = boot
        deadlineUnixSeconds = unix
        bootIdentifier = String(words[3])
    }

    /// The journal's line.
    var record: Journal.Record {
        Journal.Record(
            kind: .armed,
            generation: generation,
            digest: digest,
            detail: "\(revertsTo),\(deadlineBootNanoseconds),\(deadlineUnixSeconds),"
                + bootIdentifier
        )
    }

    /// Time that is left, in nanoseconds; 0 when it is over.
    func remainingNanoseconds(_ clock: DaemonClock) -> UInt64 {
        if clock.bootIdentifier == bootIdentifier {
            let now = clock.bootNanoseconds()
            return deadlineBootNanoseconds > now ? deadlineBootNanoseconds - now : 0
        }
        let now = clock.unixSeconds()
        guard deadlineUnixSeconds > now else { return 0 }
        // A clock that was set back lengthens it to what any confirmation may take, at most.
        let seconds = min(UInt64(deadlineUnixSeconds - now), ControlLimits.confirmSecondsMax)
        return seconds * 1_000_000_000
    }
}
