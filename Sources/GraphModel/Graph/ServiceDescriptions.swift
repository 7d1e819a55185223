/// A listener as a value: where clients connect.
package struct ListenerDescription: Hashable, Sendable {
    /// Unique name.
    package var name: String
    /// Effective options: `type` (`nbd`), `address` (`unix:PATH` or `tcp:HOST:PORT`), `mode`
    /// (integer, permission bits of the socket file), `max-connections`, `tls`.
    package var options: Options

    /// Makes a listener.
    package init(name: String, options: Options) {
        self.name = name
        self.options = options
    }
}

/// A throttle group as a value: limits shared by every throttle node that names it.
package struct ThrottleGroupDescription: Hashable, Sendable {
    /// Unique name.
    package var name: String
    /// Effective options: `iops-total`, `iops-read`, `iops-write`, `bps-total`, `bps-read`,
    /// `bps-write` (each an integer, 0 for no limit), with `-max` (burst rate) and `-max-length`
    /// (nanoseconds); `iops-size` (bytes that count as one operation, 0 for off).
    package var limits: Options

    /// Makes a group.
    package init(name: String, limits: Options) {
        self.name = name
        self.limits = limits
    }
}

/// An I/O thread as a value.
package struct IOThreadDescription: Hashable, Sendable {
    /// Unique name.
    package var name: String
    /// Effective options: `cpu` (integer), absent when the thread is not pinned.
    package var options: Options

    /// Makes a thread.
    package init(name: String, options: Options = Options()) {
        self.name = name
        self.options = options
    }
}
