internal import Glibc

/// The signals of the process, taken by the main thread one after the other.
struct ShutdownSignals {
    /// What a signal asks for.
    enum Order: Sendable {
        /// Read the sources again.
        case reload
        /// End.
        case stop
        /// The daemon has ended by itself.
        case ended
    }

    private var set = sigset_t()

    /// Keeps the signals from every thread that is started from now on.
    init() {
        signal(SIGPIPE, SIG_IGN)
        sigemptyset(&set)
        for number in [SIGTERM, SIGINT, SIGHUP, SIGUSR2] { sigaddset(&set, number) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Waits for the next signal.
    mutating func next() -> Order {
        while true {
            var number: CInt = 0
            guard sigwait(&set, &number) == 0 else { continue }
            switch number {
            case SIGHUP: return .reload
            case SIGUSR2: return .ended
            default: return .stop
            }
        }
    }

    /// Wakes the thread that waits in ``next()``, because the daemon has ended by itself.
    static func announceEnd() { kill(getpid(), SIGUSR2) }
}
