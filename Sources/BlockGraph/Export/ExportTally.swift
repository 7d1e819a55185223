/// What was answered through an export on all its threads: one set of counters for each.
///
/// Counters of a thread that the export has left go on counting for the next that it comes to, so
/// that sums never fall and there are no more of them than it ever had threads at a time.
package struct ExportTally: Sendable {
    private var present: [String: ExportCounters] = [:]
    private var left: [ExportCounters] = []

    /// The tally of an export that was on no thread yet.
    package init() {}

    /// The tally of the export on other threads; those of them on which it is keep their counters.
    package func moved(to threads: [String]) -> ExportTally {
        var tally = ExportTally()
        tally.left =
            left
            + present.filter { !threads.contains($0.key) }.sorted { $0.key < $1.key }.map(\.value)
        for thread in threads {
            tally.present[thread] = present[thread] ?? tally.left.popLast() ?? ExportCounters()
        }
        return tally
    }

    /// The counters of a thread.
    ///
    /// - Precondition: The export is on it.
    package func counters(of thread: String) -> ExportCounters {
        guard let counters = present[thread] else {
            preconditionFailure("no counters of thread \(thread)")
        }
        return counters
    }

    /// The threads of now by name, with what their counters say.
    package var threads: [(name: String, totals: ExportTotals)] {
        present.sorted { $0.key < $1.key }.map { ($0.key, $0.value.totals) }
    }

    /// The sum of everything.
    package var totals: ExportTotals {
        (left + present.values).reduce(into: ExportTotals()) { $0.add($1.totals) }
    }

    /// Longest time for which the last pause held a request on any thread, in nanoseconds.
    var longestHeldOfLastPause: UInt64 {
        present.values.map(\.longestHeldOfLastPause).max() ?? 0
    }
}

extension ExportTotals {
    /// Adds those of another thread.
    fileprivate mutating func add(_ other: ExportTotals) {
        reads += other.reads
        writes += other.writes
        flushes += other.flushes
        discards += other.discards
        zeroes += other.zeroes
        extents += other.extents
        bytesRead += other.bytesRead
        bytesWritten += other.bytesWritten
        failed += other.failed
        held += other.held
        longestHeldNanoseconds = max(longestHeldNanoseconds, other.longestHeldNanoseconds)
    }
}
