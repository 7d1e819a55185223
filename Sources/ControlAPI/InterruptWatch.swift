internal import Glibc
internal import Synchronization

/// While a change is at work Ctrl-C gives it up, and the daemon says what came of that; before and
/// after, Ctrl-C ends the command.
///
/// Make it before the first question to a daemon: threads that run already would take the signal.
package final class InterruptWatch: Sendable {
    private let socket: String
    private let isAtWork = Atomic(false)
    private let isGivenUp = Atomic(false)

    /// The exit code of a command that was interrupted.
    private static let exitCode = ExitStatus.interrupted.rawValue

    /// Takes the signal from now on.
    ///
    /// - Parameter socket: The daemon's control socket.
    package init(socket: String) {
        self.socket = socket
        var signals = Self.signals
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        var thread = pthread_t()
        // The process ends before the thread does: the reference is never given back.
        let failure = pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<InterruptWatch>.fromOpaque(argument).takeUnretainedValue().watch()
            },
            Unmanaged.passRetained(self).toOpaque()
        )
        if failure == 0 { pthread_detach(thread) }
    }

    /// The change is at the daemon from now on.
    package func begin() { isAtWork.store(true, ordering: .sequentiallyConsistent) }

    /// The daemon has answered.
    package func end() { isAtWork.store(false, ordering: .sequentiallyConsistent) }

    private func watch() -> Never {
        var signals = Self.signals
        var number: CInt = 0
        while true {
            guard sigwait(&signals, &number) == 0 else { continue }
            let isFirst = isGivenUp.compareExchange(
                expected: false,
                desired: true,
                ordering: .sequentiallyConsistent
            ).exchanged
            guard isAtWork.load(ordering: .sequentiallyConsistent), isFirst else {
                _exit(Self.exitCode)
            }
            do throws(ControlError) {
                _ = try ControlClient(socket: socket).ask(.abandon, timeoutSeconds: 5)
            } catch {
                // The daemon notices the end of this process and gives the change up by itself.
                _exit(Self.exitCode)
            }
        }
    }

    private static var signals: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGINT)
        return set
    }
}
