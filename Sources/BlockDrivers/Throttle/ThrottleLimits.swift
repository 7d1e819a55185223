internal import GraphModel

/// Limits of a throttle group as schedules.
struct ThrottleLimits: Hashable, Sendable {
    let totalOperations: RateSchedule
    let readOperations: RateSchedule
    let writeOperations: RateSchedule
    let totalBytes: RateSchedule
    let readBytes: RateSchedule
    let writeBytes: RateSchedule
    /// A longer request counts as several operations of this many bytes; 0 for off.
    let operationBytes: UInt64

    init(_ options: Options) {
        totalOperations = Self.schedule("iops-total", options)
        readOperations = Self.schedule("iops-read", options)
        writeOperations = Self.schedule("iops-write", options)
        totalBytes = Self.schedule("bps-total", options)
        readBytes = Self.schedule("bps-read", options)
        writeBytes = Self.schedule("bps-write", options)
        operationBytes = UInt64(clamping: options.integer("iops-size") ?? 0)
    }

    private static func schedule(_ key: String, _ options: Options) -> RateSchedule {
        // A length of 0 says nothing: bursts last one second, as in QEMU.
        let length = options.integer("\(key)-max-length") ?? 0
        return RateSchedule(
            average: UInt64(clamping: options.integer(key) ?? 0),
            maximum: UInt64(clamping: options.integer("\(key)-max") ?? 0),
            lengthNanoseconds: length > 0 ? UInt64(length) : 1_000_000_000
        )
    }
}
