package import ControlAPI
package import GraphModel

/// What came of a look at the sources, or of an apply.
package struct Verdict: Sendable {
    /// The exit code that a command ends with.
    package var exit: ExitStatus
    /// One word for programs, such as `ConfigurationInvalid`.
    package var reason: String
    /// A sentence for people.
    package var message: String
    /// What is to be mended, with places where they are known.
    package var diagnostics: [Diagnostic] = []
    /// Generation that is live now.
    package var generation: UInt64 = 0
    /// What clients noticed, when something was switched.
    package var receipt: JSONValue?
    /// The change that awaits a confirmation from now on.
    package var pending: PendingConfirmation?
    /// Whether it may go well later without anything being edited.
    package var isHostFailure = false
    /// Digest of the configuration that was tried.
    package var triedDigest: String?

    /// A verdict.
    package init(_ exit: ExitStatus, _ reason: String, _ message: String) {
        self.exit = exit
        self.reason = reason
        self.message = message
    }
}

/// Why the sources are looked at.
package enum LookCause: String, Hashable, Sendable {
    /// The daemon starts.
    case start
    /// The watcher saw something.
    case watch
    /// Some time has passed, and not everything raises an event.
    case rescan
    /// A person or a signal asked for it.
    case reload
    /// A person wants to try again what failed.
    case retry
    /// A wait has ended that the reconciler asked for.
    case timer
}
