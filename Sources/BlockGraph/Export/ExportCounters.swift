package import Synchronization

/// What was answered through an export on one loop; written by the loop, read by anybody.
///
/// One writer, so that adding is a plain load and store.
package final class ExportCounters: Sendable {
    /// Requests answered, by operation.
    package let reads = Atomic<UInt64>(0)
    package let writes = Atomic<UInt64>(0)
    package let flushes = Atomic<UInt64>(0)
    package let discards = Atomic<UInt64>(0)
    package let zeroes = Atomic<UInt64>(0)
    package let extents = Atomic<UInt64>(0)
    /// Payload bytes answered.
    package let bytesRead = Atomic<UInt64>(0)
    package let bytesWritten = Atomic<UInt64>(0)
    /// Requests answered with an error.
    package let failed = Atomic<UInt64>(0)
    /// Requests that waited because the export was paused.
    package let held = Atomic<UInt64>(0)
    /// Longest time for which a pause held a request, in nanoseconds.
    package let longestHeldNanoseconds = Atomic<UInt64>(0)
    /// The same of the last pause alone.
    private let lastHeldNanoseconds = Atomic<UInt64>(0)

    /// Counters at zero.
    package init() {}

    /// Counts an answer; called on the port's loop only.
    @inline(__always)
    package func record(_ operation: BlockOperation, bytes: UInt64, failed isFailure: Bool) {
        switch operation {
        case .read:
            Self.add(1, to: reads)
            Self.add(bytes, to: bytesRead)
        case .write:
            Self.add(1, to: writes)
            Self.add(bytes, to: bytesWritten)
        case .flush: Self.add(1, to: flushes)
        case .discard: Self.add(1, to: discards)
        case .writeZeroes: Self.add(1, to: zeroes)
        case .extents: Self.add(1, to: extents)
        }
        if isFailure { Self.add(1, to: failed) }
    }

    /// Counts a read as failed that was counted as answered; called on the port's loop only.
    package func recordLateFailure(bytes: UInt64) {
        bytesRead.store(bytesRead.load(ordering: .relaxed) &- bytes, ordering: .relaxed)
        Self.add(1, to: failed)
    }

    /// Begins a pause; called on the port's loop only.
    func pauseBegan() { lastHeldNanoseconds.store(0, ordering: .relaxed) }

    /// Longest time for which the last pause held a request, in nanoseconds; any thread.
    var longestHeldOfLastPause: UInt64 { lastHeldNanoseconds.load(ordering: .relaxed) }

    /// Counts requests that a pause held; called on the port's loop only.
    package func recordHeld(_ count: Int, nanoseconds: UInt64) {
        Self.add(UInt64(count), to: held)
        Self.raise(longestHeldNanoseconds, to: nanoseconds)
        Self.raise(lastHeldNanoseconds, to: nanoseconds)
    }

    /// The counters as plain numbers.
    package var totals: ExportTotals {
        ExportTotals(
            reads: reads.load(ordering: .relaxed),
            writes: writes.load(ordering: .relaxed),
            flushes: flushes.load(ordering: .relaxed),
            discards: discards.load(ordering: .relaxed),
            zeroes: zeroes.load(ordering: .relaxed),
            extents: extents.load(ordering: .relaxed),
            bytesRead: bytesRead.load(ordering: .relaxed),
            bytesWritten: bytesWritten.load(ordering: .relaxed),
            failed: failed.load(ordering: .relaxed),
            held: held.load(ordering: .relaxed),
            longestHeldNanoseconds: longestHeldNanoseconds.load(ordering: .relaxed)
        )
    }

    private static func raise(_ maximum: borrowing Atomic<UInt64>, to value: UInt64) {
        guard value > maximum.load(ordering: .relaxed) else { return }
        maximum.store(value, ordering: .relaxed)
    }

    @inline(__always)
    private static func add(_ amount: UInt64, to counter: borrowing Atomic<UInt64>) {
        counter.store(counter.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }
}

/// Counters of an export at one moment.
package struct ExportTotals: Hashable, Sendable {
    package var reads: UInt64 = 0
    package var writes: UInt64 = 0
    package var flushes: UInt64 = 0
    package var discards: UInt64 = 0
    package var zeroes: UInt64 = 0
    package var extents: UInt64 = 0
    package var bytesRead: UInt64 = 0
    package var bytesWritten: UInt64 = 0
    package var failed: UInt64 = 0
    package var held: UInt64 = 0
    package var longestHeldNanoseconds: UInt64 = 0

    /// Requests answered, of every kind.
    package var completed: UInt64 { reads + writes + flushes + discards + zeroes + extents }
}
