internal import BlockGraph
internal import CLinux
internal import GraphModel
internal import Glibc
internal import RingLoop

/// An open `nbd` node: where the server is, what it promised, and connections that nobody uses.
final class OpenNBDClient: OpenNode {
    /// Longest handshake, in nanoseconds.
    static let handshakeNanoseconds: UInt64 = 10_000_000_000
    /// Pause between two attempts to open.
    private static let pauseMicroseconds: UInt32 = 100_000

    private struct Stash {
        var idle: [NBDConnected] = []
        var views: [NBDViewPlace] = []
        var wasWritten = false
        /// Views that look for the server and do not find it.
        var lostCount = 0
        var isClosed = false
    }

    let addresses: [NBDSocketAddress]
    let terms: NBDServerTerms
    private let settings: StagedValue<NBDClientSettings>
    private let stash: Locked<Stash>

    /// Connects; may wait for the server as long as `open-timeout` says.
    init(_ settings: NBDClientSettings) throws(GraphError) {
        let begin = MonotonicClock.now
        let (deadline, overflows) = begin.addingReportingOverflow(settings.openNanoseconds)
        let end = overflows ? UInt64.max : deadline
        while true {
            do throws(NBDRefusal) {
                let limit = MonotonicClock.now + Self.handshakeNanoseconds
                let addresses = try NBDSocketAddress.resolve(settings.place)
                let (connected, place) = try NBDConnected.make(
                    addresses,
                    export: settings.export,
                    deadline: end > begin ? min(limit, end) : limit
                )
                // Views begin with the one that answered.
                self.addresses = Array(addresses[place...] + addresses[..<place])
                terms = connected.terms
                stash = Locked(Stash(idle: [connected]))
                self.settings = StagedValue(settings)
                return
            } catch {
                // A daemon that shall end does not wait for a server.
                guard MonotonicClock.now < end, !Task.isCancelled else {
                    throw GraphError(
                        code: .openFailed,
                        object: settings.object,
                        option: "server",
                        reason: "the NBD server at \(settings.place), export "
                            + "\"\(settings.export)\": \(error.reason)"
                    )
                }
                usleep(Self.pauseMicroseconds)
            }
        }
    }

    /// What views obey.
    var currentSettings: NBDClientSettings { settings.current }

    /// Whether those who may write no longer may when the change commits.
    var losesWriters: Bool { settings.current.isWritten && !settings.wished.isWritten }

    /// Views that are there.
    var views: [NBDViewPlace] { stash.withLock { $0.views } }

    /// A view comes.
    func add(_ place: NBDViewPlace) { stash.withLock { $0.views.append(place) } }

    /// Whether a view that went had written.
    var wasWritten: Bool { stash.withLock { $0.wasWritten } }

    /// A view goes, and leaves what it knows.
    func remove(_ place: NBDViewPlace, hasWritten: Bool) {
        stash.withLock { stash in
            stash.views.removeAll { $0 === place }
            stash.wasWritten = stash.wasWritten || hasWritten
        }
    }

    /// A view has lost the server, or found it again.
    func countLost(_ change: Int) { stash.withLock { $0.lostCount += change } }

    var finding: String? {
        guard stash.withLock({ $0.lostCount > 0 }) else { return nil }
        let settings = currentSettings
        let fate =
            settings.reconnectNanoseconds > 0
            ? "requests wait for it as long as reconnect-delay says, and fail then"
            : "requests fail until it is back"
        return "the NBD server at \(settings.place), export \"\(settings.export)\", is not "
            + "there; \(fate)"
    }

    /// A connection that nobody uses, if there is one.
    func takeIdle() -> NBDConnected? { stash.withLock { $0.idle.popLast() } }

    /// Keeps a connection for the next view.
    func keep(_ connected: NBDConnected) {
        let isKept = stash.withLock { stash -> Bool in
            guard !stash.isClosed, stash.idle.count < 4 else { return false }
            stash.idle.append(connected)
            return true
        }
        if !isKept { Self.hangUp(connected.fd) }
    }

    func limits(over children: [String: BlockLimits]) throws(GraphError) -> BlockLimits {
        BlockLimits(
            sizeBytes: terms.sizeBytes,
            alignmentBytes: terms.minimumBytes,
            transferBytesMax: terms.transferBytesMax,
            preferredBytes: max(terms.minimumBytes, min(terms.preferredBytes, 1 << 20)),
            isReadOnly: terms.isReadOnly || settings.wished.rules.isReadOnly
        )
    }

    func makeDriver(in context: DriverContext) -> any BlockDriver {
        NBDClientDriver(node: self, loop: context.loop)
    }

    func prepare(_ opening: DriverOpening) throws(GraphError) -> any PreparedChange {
        let wished = try NBDClientSettings(opening)
        // Most of it is done before the drain; what fails then is told by `settle`.
        if settings.current.isWritten, !wished.isWritten { _ = try beginFlush() }
        return settings.stage(wished)
    }

    func prepareRemoval() -> any PreparedChange { NoChange() }
    func check() throws(GraphError) {}

    // Without the promise, one connection's flush need not cover another one's writes.
    var livesOnOneLoop: Bool {
        !terms.allowsSeveralConnections && !terms.isReadOnly && !settings.wished.rules.isReadOnly
    }

    func close() -> String? {
        let idle = stash.withLock { stash -> [NBDConnected] in
            defer { stash.idle = [] }
            stash.isClosed = true
            return stash.idle
        }
        for connected in idle { Self.hangUp(connected.fd) }
        return nil
    }

    /// Says goodbye, as servers like it, and closes.
    private static func hangUp(_ fd: Int32) {
        withUnsafeTemporaryAllocation(byteCount: NBDWire.requestBytes, alignment: 8) { bytes in
            guard let start = bytes.baseAddress else { return }
            memset(start, 0, bytes.count)
            NBDWire.store(NBDWire.requestMagic, start, 0)
            NBDWire.store(NBDVerb.disconnect, start, 6)
            let flags = CLINUX_MSG_NOSIGNAL | CLINUX_MSG_DONTWAIT
            _ = send(fd, start, bytes.count, flags)
        }
        Glibc.close(fd)
    }
}
