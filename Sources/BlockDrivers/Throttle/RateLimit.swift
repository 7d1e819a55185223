internal import Synchronization

/// One limit at work: its buckets as atomic words, so that all loops share it without a lock.
///
/// A change of the rate may be seen in part by a request that is charged at that moment, which
/// costs at most one wrong charge.
struct RateLimit: ~Copyable, Sendable {
    private let main = AtomicBucket()
    private let burst = AtomicBucket()

    /// Charges a request.
    ///
    /// - Returns: When it may go, in nanoseconds; not after `now` when it may go at once.
    @inline(__always)
    borrowing func reserve(units: Double, now: UInt64) -> UInt64 {
        guard main.isActive else { return now }
        let ready = main.reserve(units: units, now: now)
        guard burst.isActive else { return ready }
        return max(ready, burst.reserve(units: units, now: now))
    }

    /// Makes another schedule the one in force.
    borrowing func change(to schedule: RateSchedule, now: UInt64) {
        main.change(to: schedule.main, now: now)
        burst.change(to: schedule.burst, now: now)
    }
}

/// A bucket of a schedule as three atomic words.
private struct AtomicBucket: ~Copyable, Sendable {
    private let nanosecondsPerUnitBits = Atomic<UInt64>(0)
    private let toleranceNanoseconds = Atomic<UInt64>(0)
    private let emptyNanoseconds = Atomic<UInt64>(0)

    @inline(__always)
    var isActive: Bool { nanosecondsPerUnitBits.load(ordering: .relaxed) != 0 }

    private var schedule: RateSchedule.Bucket {
        RateSchedule.Bucket(
            nanosecondsPerUnit: Double(
                bitPattern: nanosecondsPerUnitBits.load(ordering: .relaxed)
            ),
            toleranceNanoseconds: toleranceNanoseconds.load(ordering: .relaxed)
        )
    }

    borrowing func reserve(units: Double, now: UInt64) -> UInt64 {
        let schedule = schedule
        var old = emptyNanoseconds.load(ordering: .relaxed)
        while true {
            let (ready, empty) = schedule.reserve(
                units: units,
                emptyNanoseconds: old,
                now: now
            )
            let (exchanged, found) = emptyNanoseconds.weakCompareExchange(
                expected: old,
                desired: empty,
                ordering: .relaxed
            )
            if exchanged { return ready }
            old = found
        }
    }

    borrowing func change(to bucket: RateSchedule.Bucket, now: UInt64) {
        let old = schedule
        guard bucket != old else { return }
        let empty = bucket.emptyNanoseconds(
            after: old,
            emptyNanoseconds: emptyNanoseconds.load(ordering: .relaxed),
            now: now
        )
        toleranceNanoseconds.store(bucket.toleranceNanoseconds, ordering: .relaxed)
        nanosecondsPerUnitBits.store(bucket.nanosecondsPerUnit.bitPattern, ordering: .relaxed)
        emptyNanoseconds.store(empty, ordering: .relaxed)
    }
}
