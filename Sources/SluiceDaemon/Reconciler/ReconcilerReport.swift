internal import ControlAPI
package import GraphModel
package import Reconciliation

/// How reconciling goes, as a value that anybody may read at any time.
package struct ReconcilerReport: Sendable {
    /// Whether the first look is over.
    package var hasLooked = false
    /// The generation that is live; 0 before the first.
    package var generation: UInt64 = 0
    /// Digest of its normalised configuration; empty before the first.
    package var digest = ""
    /// Since when it is live, in seconds since 1970.
    package var liveSinceUnixSeconds: Int64 = 0
    /// What is true now.
    package var conditions: Conditions
    /// What is wrong with the newest files.
    package var diagnostics: [Diagnostic] = []
    /// Digests that are not tried again.
    package var quarantined: [String] = []
    /// What is read.
    package var sources: [String] = []
    /// Configurations that newer files overtook before they were live.
    package var supersededCount = 0
    /// Times that the kernel lost events of the watcher.
    package var overflowCount = 0
    /// The git commit that was checked out when the sources were read last.
    package var commit: String?
    /// Exports that are declared and cannot be served, with the reason.
    package var down: [String: String] = [:]
    /// A person's order to leave the live graph alone.
    package var hold: HoldOrder?
    /// The change that awaits a confirmation.
    package var pending: PendingConfirmation?
    /// How long the next drained export is expected to pause; `nil` before the first look.
    package var forecast: PauseForecast?
    /// What became of configurations and commits.
    var outcomes = OutcomeTable()
    /// Which file is live in which generation.
    var files = FileTable()
    /// What came of the newest files.
    var verdict = Verdict(.done, "Starting", "")

    /// A row for each file: whether it is live, since when, and why not.
    package var fileRows: [FileTable.Row] { files.rows(verdict, diagnostics) }
}

/// What the reconciler remembers from one look to the next.
struct ReconcilerMemory: Sendable {
    /// Whether the first look is over.
    var hasLooked = false
    /// The generation that is live.
    var generation: UInt64 = 0
    /// Digest of its normalised configuration.
    var liveDigest = ""
    var liveSinceUnixSeconds: Int64 = 0
    /// Whether only a part of it can be served.
    var isPartial = false
    /// Exports that are declared and cannot be served, with the reason.
    var down: [String: String] = [:]
    /// Digest of the files that were considered last, and what came of it.
    var seenSource: String?
    /// The commit that was checked out then.
    var commit: String?
    var lastVerdict = Verdict(.done, "Starting", "")
    /// Which file is live in which generation.
    var files = FileTable()
    /// Paths of the files that were accepted last.
    var acceptedPaths: Set<String> = []
    /// Since when some of them are gone, in nanoseconds, and the digest of what is left.
    var missingSince: (source: String, nanoseconds: UInt64)?
    /// Since when the sources are being changed, in nanoseconds.
    var movingSinceNanoseconds: UInt64?
    /// Digest of the files that a person's apply stands above, until they change.
    var sourceBelowHand: String?
    /// Why it stands there.
    var handReason = Reconciler.byHand
    /// What is wrong with the newest files.
    var diagnostics: [Diagnostic] = []
    /// Why a digest is not tried again.
    var quarantine: [String: String]
    var retry = RetrySchedule()
    var retryDueNanoseconds: UInt64?
    var supersededCount = 0
    /// A person's order to leave the live graph alone.
    var hold: HoldOrder?
    var pauses = PauseHistory()
    /// What became of configurations and commits.
    var outcomes = OutcomeTable()
    /// Digests and commits that newer files overtook, until it is known which these are.
    var overtaken: [String] = []
    /// What the files wished at start, when the host did not let it be opened.
    var wishedAtStart: DesiredState?

    /// What a state directory knows.
    init(hold: HoldOrder?, quarantine: [String: String]) {
        self.hold = hold
        self.quarantine = quarantine
    }
}
