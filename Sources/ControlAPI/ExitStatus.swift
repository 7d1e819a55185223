/// Exit codes of the commands, and results of what the daemon was asked to do.
///
/// - SeeAlso: "From files to the live graph", section Exit codes.
package enum ExitStatus: Int32, Hashable, Sendable {
    /// Done, or nothing to do.
    case done = 0
    /// An error without a code of its own.
    case failure = 1
    /// The plan was made against something that has moved.
    case stalePlan = 10
    /// Permissions or ownership conflict.
    case conflict = 11
    /// A guard, a protection or a policy refused.
    case refused = 12
    /// The apply failed; what was live is live.
    case applyFailed = 13
    /// The apply failed and the undo is incomplete.
    case undoIncomplete = 14
    /// Waited too long; the work goes on.
    case timeout = 15
    /// The configuration was rejected, quarantined or superseded.
    case rejected = 16
    /// The command was used wrongly.
    case usage = 64
    /// The configuration is invalid.
    case invalid = 65
    /// A source is missing or cannot be read.
    case sourceMissing = 66
    /// No daemon answers.
    case unreachable = 69
    /// Somebody else is at work.
    case busy = 75
    /// Not permitted.
    case notPermitted = 77
    /// Interrupted; everything was undone.
    case interrupted = 130
}
