internal import CLinux
internal import Glibc

/// The thread of a loop: started once, joined once.
final class LoopThread: Sendable {
    private enum Phase {
        case idle
        case running(pthread_t)
        case joined
    }

    private let phase = Locked(Phase.idle)

    /// Starts the thread, which runs the body and ends.
    func start(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
        let result = phase.withLock { phase -> Int32 in
            guard case .idle = phase else { preconditionFailure("a loop starts only once") }
            var thread = pthread_t()
            let box = Unmanaged.passRetained(Body(body))
            let result = pthread_create(
                &thread,
                nil,
                { argument in
                    guard let argument else { return nil }
                    Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                    return nil
                },
                box.toOpaque()
            )
            if result == 0 {
                phase = .running(thread)
            } else {
                box.release()
            }
            return result
        }
        guard result == 0 else {
            throw SystemError(
                number: result,
                call: "pthread_create",
                sentence: "the loop's thread cannot start: \(SystemError.words(of: result)); "
                    + "look at ulimit -u and at the memory of the control group"
            )
        }
    }

    /// Waits until the thread has ended; at once when it was never started or joined before.
    func join() {
        let thread = phase.withLock { phase -> pthread_t? in
            guard case .running(let thread) = phase else { return nil }
            phase = .joined
            return thread
        }
        guard let thread else { return }
        precondition(pthread_equal(thread, pthread_self()) == 0, "a thread cannot join itself")
        pthread_join(thread, nil)
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
