internal import Glibc

/// Runs of clusters, in the order in which they were added.
struct ClusterRuns {
    private(set) var runs: [Range<UInt64>] = []
    /// Clusters in all.
    private(set) var count: UInt64 = 0

    var isEmpty: Bool { runs.isEmpty }

    /// Adds a cluster; one that follows the last is joined to it.
    mutating func append(_ cluster: UInt64) { append(cluster..<(cluster + 1)) }

    /// Adds a run.
    mutating func append(_ run: Range<UInt64>) {
        guard !run.isEmpty else { return }
        count += UInt64(run.count)
        if let last = runs.last, last.upperBound == run.lowerBound {
            runs[runs.count - 1] = last.lowerBound..<run.upperBound
        } else {
            runs.append(run)
        }
    }

    /// Takes one cluster from the end.
    mutating func popLast() -> UInt64? {
        guard let last = runs.last else { return nil }
        count -= 1
        if last.count == 1 {
            runs.removeLast()
        } else {
            runs[runs.count - 1] = last.lowerBound..<(last.upperBound - 1)
        }
        return last.upperBound - 1
    }

    /// The cluster that ``popLast()`` would take.
    var last: UInt64? { runs.last.map { $0.upperBound - 1 } }
}

/// A set of clusters as bits; memory is touched only where there are some.
struct ClusterBitmap: ~Copyable {
    /// Clusters beyond are never in it, and never written: 2^33 of 64 KiB are half an exbibyte.
    static let clusterMax: UInt64 = 1 << 33

    private var bits: UnsafeMutablePointer<UInt64>?
    private var capacity: UInt64 = 0

    init() {}

    deinit { free(bits) }

    /// Whether a cluster is in it.
    @inline(__always)
    func contains(_ cluster: UInt64) -> Bool {
        guard cluster < capacity, let bits else { return cluster >= Self.clusterMax }
        return bits[Int(cluster >> 6)] >> (cluster & 63) & 1 != 0
    }

    /// Makes room for clusters up to one, at once: growing to it would touch all of it many times.
    mutating func reserve(_ count: UInt64) {
        if count > capacity { grow(to: count) }
    }

    mutating func insert(_ cluster: UInt64) {
        guard cluster < Self.clusterMax else { return }
        if cluster >= capacity { grow(to: cluster + 1) }
        guard let bits else { return }
        let word = bits[Int(cluster >> 6)]
        bits[Int(cluster >> 6)] = word | 1 << (cluster & 63)
    }

    mutating func insert(_ clusters: Range<UInt64>) {
        for cluster in clusters { insert(cluster) }
    }

    mutating func remove(_ cluster: UInt64) {
        guard cluster < capacity, let bits else { return }
        let word = bits[Int(cluster >> 6)]
        bits[Int(cluster >> 6)] = word & ~(1 << (cluster & 63))
    }

    private mutating func grow(to count: UInt64) {
        let wanted = min(max(count.nextPowerOfTwo, 1 << 16), Self.clusterMax)
        guard let memory = calloc(Int(wanted / 64), 8) else {
            preconditionFailure("no memory for a map of \(wanted) clusters")
        }
        let new = memory.bindMemory(to: UInt64.self, capacity: Int(wanted / 64))
        if let bits {
            for word in 0..<Int(capacity / 64) where bits[word] != 0 { new[word] = bits[word] }
            free(bits)
        }
        bits = new
        capacity = wanted
    }
}

extension UInt64 {
    /// The least power of two that is not less.
    fileprivate var nextPowerOfTwo: UInt64 {
        self <= 1 ? 1 : 1 << UInt64(UInt64.bitWidth - (self - 1).leadingZeroBitCount)
    }
}
