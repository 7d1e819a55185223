internal import Glibc
internal import Logging
package import Reconciliation

/// What a daemon is started with.
package struct DaemonConfiguration: Sendable {
    /// Absolute paths of files and directories to serve.
    package var sources: [String]
    /// Where the state is kept.
    package var stateDirectory: String
    /// Path of the control socket.
    package var controlSocket: String
    /// Path of the socket that only answers questions; `nil` for none.
    package var readOnlySocket: String?
    /// Whether the sources are watched; else they are read at start and on request.
    package var watches: Bool
    /// The least serious level that is logged.
    package var logLevel: String
    /// Names of the levels, from the most talkative to the most silent.
    package static let logLevels = Logger.Level.allCases.map(\.rawValue)
    /// Longest wait for requests in flight, in nanoseconds.
    package var drainTimeoutNanoseconds: UInt64 = 5_000_000_000
    /// Largest file of a configuration, in bytes.
    package var fileBytesMax = SourceReader.fileBytesUsual
    /// What a change may not do without a person.
    package var guards = PlanGuards()

    /// A configuration.
    package init(
        sources: [String],
        stateDirectory: String,
        controlSocket: String,
        watches: Bool,
        logLevel: String
    ) {
        self.sources = sources
        self.stateDirectory = stateDirectory
        self.controlSocket = controlSocket
        self.watches = watches
        self.logLevel = logLevel
    }
}

/// Clocks of the machine.
extension DaemonClock {
    /// The real ones.
    package init() {
        self.init(
            unixSeconds: { Int64(time(nil)) },
            monotonicNanoseconds: {
                Self.nanoseconds(CLOCK_MONOTONIC)
            },
            bootNanoseconds: { Self.nanoseconds(CLOCK_BOOTTIME) },
            bootIdentifier: Self.readBootIdentifier()
        )
    }

    private static func nanoseconds(_ clock: clockid_t) -> UInt64 {
        var now = timespec()
        clock_gettime(clock, &now)
        return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
    }

    /// The kernel's name for this run of the machine.
    private static func readBootIdentifier() -> String {
        guard let file = fopen("/proc/sys/kernel/random/boot_id", "re") else { return "unknown" }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 64)
        guard fgets(&line, CInt(line.count), file) != nil else { return "unknown" }
        let bytes = line.prefix { $0 > 32 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
