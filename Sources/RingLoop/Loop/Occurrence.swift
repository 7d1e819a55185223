internal import CLinux
internal import Glibc

/// Something that happens once, and that a thread of the control plane waits for.
package final class Occurrence: Sendable {
    private let descriptor: FileDescriptor

    /// An occurrence that has not happened yet.
    package init() throws(SystemError) {
        descriptor = FileDescriptor(owning: try SystemError.check(clinux_eventfd(), "eventfd"))
    }

    /// Says that it has happened; any thread.
    package func happen() { _ = clinux_eventfd_signal(descriptor.rawValue) }

    /// Waits until it has happened; never on a loop that serves requests.
    package func wait() { _ = clinux_eventfd_wait(descriptor.rawValue) }

    /// Waits until it has happened, or until a moment of the monotonic clock.
    ///
    /// - Parameter deadlineNanoseconds: The moment.
    /// - Returns: Whether it has happened.
    package func wait(until deadlineNanoseconds: UInt64) -> Bool {
        while true {
            let now = MonotonicClock.now
            let left = deadlineNanoseconds > now ? deadlineNanoseconds - now : 0
            var entry = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
            if poll(&entry, 1, Int32(clamping: (left + 999_999) / 1_000_000)) > 0 { return true }
            if left == 0 { return false }
        }
    }
}
