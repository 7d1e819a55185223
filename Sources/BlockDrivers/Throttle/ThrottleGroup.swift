package import GraphModel
internal import RingLoop
internal import Synchronization

/// Limits that all nodes of a group share, on whichever loops they are.
///
/// Fair by construction: each node reserves for its oldest waiting request only, and reserves for
/// the next one when that has gone, so that nodes take turns however deep their queues are.
package final class ThrottleGroup: Sendable {
    /// The group's name.
    package let name: String
    private let totalOperations = RateLimit()
    private let readOperations = RateLimit()
    private let writeOperations = RateLimit()
    private let totalBytes = RateLimit()
    private let readBytes = RateLimit()
    private let writeBytes = RateLimit()
    private let operationBytes = Atomic<UInt64>(0)
    private let changeCount = Atomic<UInt64>(0)

    /// A group with the limits of a description.
    package init(_ description: ThrottleGroupDescription, now: UInt64 = MonotonicClock.now) {
        name = description.name
        change(to: description.limits, now: now)
    }

    /// Grows with each change of the limits: what was reserved before must be reserved anew.
    package var revision: UInt64 { changeCount.load(ordering: .acquiring) }

    /// Charges a request of a number of bytes with every limit that concerns it.
    ///
    /// - Returns: When it may go, in nanoseconds; not after `now` when it may go at once.
    package func reserve(isWrite: Bool, lengthBytes: UInt64, now: UInt64) -> UInt64 {
        let bytes = Double(lengthBytes)
        let unit = operationBytes.load(ordering: .relaxed)
        let operations = unit > 0 && lengthBytes > unit ? bytes / Double(unit) : 1
        var ready = totalOperations.reserve(units: operations, now: now)
        ready = max(ready, totalBytes.reserve(units: bytes, now: now))
        if isWrite {
            ready = max(ready, writeOperations.reserve(units: operations, now: now))
            return max(ready, writeBytes.reserve(units: bytes, now: now))
        }
        ready = max(ready, readOperations.reserve(units: operations, now: now))
        return max(ready, readBytes.reserve(units: bytes, now: now))
    }

    /// Makes other limits those in force.
    func change(to options: Options, now: UInt64 = MonotonicClock.now) {
        let limits = ThrottleLimits(options)
        totalOperations.change(to: limits.totalOperations, now: now)
        readOperations.change(to: limits.readOperations, now: now)
        writeOperations.change(to: limits.writeOperations, now: now)
        totalBytes.change(to: limits.totalBytes, now: now)
        readBytes.change(to: limits.readBytes, now: now)
        writeBytes.change(to: limits.writeBytes, now: now)
        operationBytes.store(limits.operationBytes, ordering: .relaxed)
        changeCount.wrappingAdd(1, ordering: .releasing)
    }
}
