internal import BlockGraph
internal import RingLoop

/// Which clusters of a disk were saved since a point in time, for the views of all loops.
///
/// A cluster that is not saved still has its old data in the disk itself.
final class PointInTime: Sendable {
    /// Smallest cluster, in bytes.
    static let clusterBytesMin: UInt64 = 64 << 10
    /// Most clusters, a map of 32 MiB; larger disks have larger clusters.
    static let clusterCountMax: UInt64 = 1 << 28
    /// Largest disk: its clusters have 32 MiB, the longest transfer.
    static let sizeBytesMax = clusterCountMax * UInt64(BlockLimits.transferBytesCeiling)

    private struct State {
        var saved: [UInt64]
        var unsavedCount: UInt64
        var isBroken = false
        var failures = Failures()
    }

    /// What could not be saved.
    struct Failures: Hashable {
        var count: UInt64 = 0
        /// Why the first could not, a positive Linux error number.
        var firstError: Int32 = 0

        mutating func add(_ errorNumber: Int32) {
            if count == 0 { firstError = errorNumber }
            count += 1
        }
    }

    /// A run of clusters of one kind.
    struct Run: Hashable {
        var endBytes: UInt64
        var isSaved: Bool
    }

    let sizeBytes: UInt64
    let clusterBytes: UInt64
    /// Keeps saving, and reads of what is not saved, apart from each other.
    let gate = RangeGate()
    private let state: Locked<State>

    init(sizeBytes: UInt64, clusterBytes: UInt64) {
        var cluster = max(clusterBytes, Self.clusterBytesMin)
        while sizeBytes / cluster >= Self.clusterCountMax { cluster *= 2 }
        self.sizeBytes = sizeBytes
        self.clusterBytes = cluster
        let count = (sizeBytes + cluster - 1) / cluster
        let words = [UInt64](repeating: 0, count: Int((count + 63) / 64))
        state = Locked(State(saved: words, unsavedCount: count))
    }

    /// Whether saving has failed, so that the point in time cannot be read any more.
    var isBroken: Bool { state.withLock { $0.isBroken } }

    /// What could not be saved so far.
    var failures: Failures { state.withLock { $0.failures } }

    /// Gives the point in time up, since something could not be saved.
    func giveUp(_ errorNumber: Int32) {
        state.withLock { state in
            state.failures.add(errorNumber)
            state.isBroken = true
        }
    }

    /// Takes note of a write that is refused, since what it overwrites could not be saved.
    func recordRefusal(_ errorNumber: Int32) { state.withLock { $0.failures.add(errorNumber) } }

    /// A range, widened to whole clusters.
    func clusters(_ range: Range<UInt64>) -> Range<UInt64> {
        let begin = range.lowerBound - range.lowerBound % clusterBytes
        let end = (range.upperBound + clusterBytes - 1) / clusterBytes * clusterBytes
        return begin..<min(end, sizeBytes)
    }

    /// Whether a write of a range has nothing to save.
    func needsNothing(_ range: Range<UInt64>) -> Bool {
        state.withLock { state in
            if state.isBroken || state.unsavedCount == 0 || range.isEmpty { return true }
            let run = Self.run(state.saved, range, clusterBytes)
            return run.isSaved && run.endBytes >= range.upperBound
        }
    }

    /// The clusters at the start of a range that are of one kind, up to its end.
    func run(_ range: Range<UInt64>) -> Run {
        state.withLock { Self.run($0.saved, range, clusterBytes) }
    }

    /// Says that whole clusters are saved.
    func markSaved(_ range: Range<UInt64>) {
        state.withLock { state in
            var cluster = range.lowerBound / clusterBytes
            while cluster * clusterBytes < range.upperBound {
                let (word, bit) = (Int(cluster / 64), UInt64(1) << (cluster % 64))
                if state.saved[word] & bit == 0 {
                    state.saved[word] |= bit
                    state.unsavedCount -= 1
                }
                cluster += 1
            }
        }
    }

    private static func run(
        _ saved: [UInt64],
        _ range: Range<UInt64>,
        _ clusterBytes: UInt64
    ) -> Run {
        let first = range.lowerBound / clusterBytes
        let isSaved = saved[Int(first / 64)] >> (first % 64) & 1 == 1
        var next = first + 1
        while next * clusterBytes < range.upperBound,
            (saved[Int(next / 64)] >> (next % 64) & 1 == 1) == isSaved
        {
            next += 1
        }
        return Run(endBytes: min(next * clusterBytes, range.upperBound), isSaved: isSaved)
    }
}
