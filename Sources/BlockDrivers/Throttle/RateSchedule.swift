/// One limit as arithmetic: a leaky bucket told by the time at which it would be empty.
///
/// QEMU's buckets (`util/throttle.c`) hold a level in units; here the level is a time, which one
/// word can hold. A request goes when the bucket is not over its size, and is added afterwards.
///
/// | options | main bucket | burst bucket |
/// |---|---|---|
/// | average only | leaks the average, holds a tenth of a second | none |
/// | with a maximum | leaks the average, holds maximum times length | none |
/// | with a length over one second | as above | leaks the maximum, holds a tenth of a second |
struct RateSchedule: Hashable, Sendable {
    /// How long a bucket without a maximum may be ahead, in nanoseconds.
    static let slackNanoseconds: UInt64 = 100_000_000
    /// Longest time that one request is ever charged with, in nanoseconds: ten years.
    static let chargeNanosecondsMax = 3.15e17

    /// One bucket.
    struct Bucket: Hashable, Sendable {
        /// How long one unit takes to leak, in nanoseconds; 0 for a bucket that holds nothing back.
        var nanosecondsPerUnit: Double
        /// How far ahead of the time the bucket may be, in nanoseconds.
        var toleranceNanoseconds: UInt64

        /// A bucket that holds nothing back.
        static let none = Bucket(nanosecondsPerUnit: 0, toleranceNanoseconds: 0)

        /// When a request that costs some units may go, and when the bucket is empty afterwards.
        func reserve(
            units: Double,
            emptyNanoseconds: UInt64,
            now: UInt64
        ) -> (readyNanoseconds: UInt64, emptyNanoseconds: UInt64) {
            let level = max(emptyNanoseconds, now)
            let charge = min(units * nanosecondsPerUnit, RateSchedule.chargeNanosecondsMax)
            let ready = level - now > toleranceNanoseconds ? level - toleranceNanoseconds : now
            return (ready, level + UInt64(charge.rounded()))
        }

        /// When the bucket is empty once its rate has become another one: the units stay, but
        /// nobody owes more than a full bucket, since those who wait reserve anew.
        func emptyNanoseconds(
            after old: Bucket,
            emptyNanoseconds: UInt64,
            now: UInt64
        ) -> UInt64 {
            guard emptyNanoseconds > now, old.nanosecondsPerUnit > 0 else { return now }
            let units = Double(emptyNanoseconds - now) / old.nanosecondsPerUnit
            let debt = min(units * nanosecondsPerUnit, Double(toleranceNanoseconds))
            return now + UInt64(debt)
        }
    }

    let main: Bucket
    let burst: Bucket

    /// A limit.
    ///
    /// - Parameters:
    ///   - average: Units a second; 0 for no limit.
    ///   - maximum: Units a second in a burst; 0 for none.
    ///   - lengthNanoseconds: How long a burst may last.
    init(average: UInt64, maximum: UInt64 = 0, lengthNanoseconds: UInt64 = 1_000_000_000) {
        guard average > 0 else {
            main = .none
            burst = .none
            return
        }
        let second = 1e9
        let perUnit = second / Double(average)
        guard maximum > 0 else {
            main = Bucket(
                nanosecondsPerUnit: perUnit,
                toleranceNanoseconds: Self.slackNanoseconds
            )
            burst = .none
            return
        }
        let length = Double(max(lengthNanoseconds, 1))
        let size = Double(maximum) / Double(average) * length
        main = Bucket(
            nanosecondsPerUnit: perUnit,
            toleranceNanoseconds: UInt64(min(size, Self.chargeNanosecondsMax))
        )
        burst =
            lengthNanoseconds > 1_000_000_000
            ? Bucket(
                nanosecondsPerUnit: second / Double(maximum),
                toleranceNanoseconds: Self.slackNanoseconds
            )
            : .none
    }
}
