/// Counts latencies in buckets whose width is below one percent of their value.
///
/// Every power of two is divided into 128 buckets, so recording is a shift and an increment; memory
/// is made once, and the whole range of 64 bits fits.
struct LatencyHistogram: ~Copyable {
    /// Bits of a value that choose the bucket within its power of two.
    private static let precisionBits = 7
    private static let bucketCount = (64 - precisionBits + 1) << precisionBits

    private let buckets: UnsafeMutablePointer<UInt64>
    private(set) var count: UInt64 = 0

    init() {
        buckets = .allocate(capacity: Self.bucketCount)
        buckets.initialize(repeating: 0, count: Self.bucketCount)
    }

    deinit {
        buckets.deallocate()
    }

    /// Counts one value.
    @inline(__always)
    mutating func record(_ nanoseconds: UInt64) {
        buckets[Self.bucket(of: nanoseconds)] &+= 1
        count &+= 1
    }

    /// The value below which the given share of all recorded values lies, in nanoseconds.
    ///
    /// A share of 0.5 is the median; it is 0 when nothing was recorded.
    func percentile(_ share: Double) -> UInt64 {
        guard count > 0 else { return 0 }
        let wanted = max(1, UInt64((Double(count) * share).rounded(.up)))
        var seen: UInt64 = 0
        for bucket in 0..<Self.bucketCount {
            seen += buckets[bucket]
            if seen >= wanted { return Self.lowestValue(of: bucket) }
        }
        return UInt64.max
    }

    @inline(__always)
    private static func bucket(of value: UInt64) -> Int {
        let exponent = 63 - (value | 1).leadingZeroBitCount
        let shift = max(0, exponent - precisionBits)
        return (shift << precisionBits) &+ Int(truncatingIfNeeded: value >> UInt64(shift))
    }

    private static func lowestValue(of bucket: Int) -> UInt64 {
        let shift = max(0, (bucket >> precisionBits) - 1)
        return UInt64(bucket - (shift << precisionBits)) << UInt64(shift)
    }
}
