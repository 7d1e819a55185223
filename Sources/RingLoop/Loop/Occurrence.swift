internal import CLinux

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
}
