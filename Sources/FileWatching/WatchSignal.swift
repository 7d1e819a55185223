/// Word from the watcher that the sources may have changed: look again.
///
/// It never says what changed; the truth is what a scan reads.
package struct WatchSignal: Hashable, Sendable {
    /// How many events were drawn together.
    package let coalescedCount: Int
    /// Time between the first and the last of them, in nanoseconds.
    package let burstNanoseconds: UInt64
    /// Whether the kernel's queue overflowed, so that events were lost.
    package let isOverflow: Bool
    /// Directories that could not be watched, because a limit of the kernel was reached.
    package let unwatchedCount: Int

    /// Makes a signal.
    package init(
        coalescedCount: Int,
        burstNanoseconds: UInt64,
        isOverflow: Bool,
        unwatchedCount: Int
    ) {
        self.coalescedCount = coalescedCount
        self.burstNanoseconds = burstNanoseconds
        self.isOverflow = isOverflow
        self.unwatchedCount = unwatchedCount
    }
}

/// Why watching could not start.
package struct WatchError: Error, Hashable, Sendable {
    /// A sentence: what was tried, what was met, what may help.
    package let reason: String
}
