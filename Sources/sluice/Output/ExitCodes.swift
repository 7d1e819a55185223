import ControlAPI

/// What the exit codes mean, for the manual.
enum ExitCodes {
    /// Codes in ascending order, each with its meaning.
    static let all: [(code: Int32, meaning: String)] = [
        (ExitStatus.done.rawValue, "Done, or nothing to do."),
        (ExitStatus.failure.rawValue, "An error without a code of its own."),
        (2, "With --detailed-exitcode: changes are pending."),
        (3, "With --detailed-exitcode: what is live has drifted."),
        (4, "With --detailed-exitcode: both."),
        (ExitStatus.stalePlan.rawValue, "A saved plan is stale, or was used."),
        (ExitStatus.conflict.rawValue, "Permissions or owners conflict."),
        (ExitStatus.refused.rawValue, "Refused by a guard, a protection or a policy."),
        (ExitStatus.applyFailed.rawValue, "The apply failed; what was live is live, verified."),
        (ExitStatus.undoIncomplete.rawValue, "The apply failed and the undo is incomplete."),
        (ExitStatus.timeout.rawValue, "Waited too long; the work goes on."),
        (
            ExitStatus.rejected.rawValue,
            "The configuration was rejected, quarantined or superseded."
        ),
        (ExitStatus.usage.rawValue, "The command was used wrongly."),
        (ExitStatus.invalid.rawValue, "The configuration is invalid."),
        (ExitStatus.sourceMissing.rawValue, "A source is missing or cannot be read."),
        (ExitStatus.unreachable.rawValue, "No daemon answers."),
        (ExitStatus.busy.rawValue, "Somebody else is at work."),
        (ExitStatus.notPermitted.rawValue, "Not permitted."),
        (ExitStatus.interrupted.rawValue, "Interrupted; everything was undone."),
    ]
}
