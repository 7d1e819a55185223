internal import ControlAPI
package import GraphModel

/// How reconciling goes, as a value that anybody may read at any time.
package struct ReconcilerReport: Sendable {
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
}

/// What the reconciler remembers from one look to the next.
struct ReconcilerMemory: Sendable {
    /// The generation that is live.
    var generation: UInt64 = 0
    /// Digest of its normalised configuration.
    var liveDigest = ""
    var liveSinceUnixSeconds: Int64 = 0
    /// Digest of the files that were considered last, and what came of it.
    var seenSource: String?
    var lastVerdict = Verdict(.done, "Starting", "")
    /// Paths of the files that were accepted last.
    var acceptedPaths: Set<String> = []
    /// Since when some of them are gone, in nanoseconds, and the digest of what is left.
    var missingSince: (source: String, nanoseconds: UInt64)?
    /// Since when the sources are being changed, in nanoseconds.
    var movingSinceNanoseconds: UInt64?
    /// Digest of the files that a person's apply stands above, until they change.
    var sourceBelowHand: String?
    /// What is wrong with the newest files.
    var diagnostics: [Diagnostic] = []
    /// Why a digest is not tried again.
    var quarantine: [String: String] = [:]
    var retry = RetrySchedule()
    var retryDueNanoseconds: UInt64?
    var supersededCount = 0
}
