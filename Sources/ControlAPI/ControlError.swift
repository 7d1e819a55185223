/// Why a daemon could not be asked.
package struct ControlError: Error, Hashable, Sendable {
    /// What kind of failure it is.
    package enum Code: Hashable, Sendable {
        /// Nobody listens.
        case unreachable
        /// The socket may not be used by this user.
        case notPermitted
        /// The answer was cut off or is not one.
        case brokenAnswer
        /// The time to wait is over, and the daemon goes on.
        case late
        /// The daemon refused, with an HTTP status.
        case refused(Int)
    }

    /// What kind of failure it is.
    package let code: Code
    /// The control socket.
    package let socket: String
    /// A sentence: what was tried, what was met, what may help.
    package let reason: String

    /// An error.
    package init(code: Code, socket: String, reason: String) {
        self.code = code
        self.socket = socket
        self.reason = reason
    }

    /// The exit code that a command ends with.
    package var exitCode: Int32 {
        switch code {
        case .unreachable: ExitStatus.unreachable.rawValue
        case .notPermitted, .refused(403): ExitStatus.notPermitted.rawValue
        case .late: ExitStatus.timeout.rawValue
        case .refused(503): ExitStatus.busy.rawValue
        case .refused(400): ExitStatus.usage.rawValue
        case .brokenAnswer, .refused: ExitStatus.failure.rawValue
        }
    }
}
