/// What the clients of one export will notice of a plan.
package struct ExportImpact: Hashable, Sendable {
    /// Degrees of notice.
    package enum Impact: String, Hashable, Sendable {
        /// Nothing on its way changes.
        case untouched
        /// Its way changes while requests run.
        case noPause = "no-pause"
        /// Requests wait until those in flight are done.
        case pause
        /// It is new.
        case starts
        /// It goes away.
        case stops
    }

    /// The export.
    package let name: String
    /// What its clients will notice.
    package let impact: Impact
}
