internal import CLinux
internal import Glibc
internal import Synchronization

/// Something that happens once, and that a thread of the control plane waits for.
package final class Occurrence: Sendable {
    private let descriptor: FileDescriptor
    /// What was written before it happened is seen by who sees this.
    private let flag = Atomic(false)

    /// An occurrence that has not happened yet.
    package init() throws(SystemError) {
        descriptor = FileDescriptor(owning: try SystemError.check(clinux_eventfd(), "eventfd"))
    }

    /// Says that it has happened; any thread.
    package func happen() {
        flag.store(true, ordering: .releasing)
        _ = clinux_eventfd_signal(descriptor.rawValue)
    }

    /// Whether it has happened; any thread.
    package var hasHappened: Bool { flag.load(ordering: .acquiring) }

    /// Waits until it has happened; never on a loop that serves requests.
    package func wait() { _ = clinux_eventfd_wait(descriptor.rawValue) }

    /// Waits until it has happened, or until a moment of the monotonic clock.
    ///
    /// - Parameter deadlineNanoseconds: The moment.
    /// - Returns: Whether it has happened.
    package func wait(until deadlineNanoseconds: UInt64) -> Bool {
        while !hasHappened {
            let now = MonotonicClock.now
            guard now < deadlineNanoseconds else { return false }
            let left = (deadlineNanoseconds - now - 1) / 1_000_000 + 1
            var entry = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
            _ = poll(&entry, 1, Int32(clamping: left))
        }
        return true
    }
}
