internal import CLinux

/// The owner of one file descriptor: closes it when it goes.
package struct FileDescriptor: ~Copyable, Sendable {
    /// The number, for calls; it is only borrowed.
    package let rawValue: Int32

    /// Takes a descriptor over.
    package init(owning rawValue: Int32) {
        precondition(rawValue >= 0, "descriptor \(rawValue) is none")
        self.rawValue = rawValue
    }

    deinit { _ = clinux_close(rawValue) }

    /// Gives the descriptor away without closing it.
    package consuming func release() -> Int32 {
        let number = rawValue
        discard self
        return number
    }
}
