internal import BlockGraph
internal import GraphModel

/// An open `log-writes` node: its log.
final class OpenLogWrites: OpenNode {
    /// Options of the node.
    struct Settings: Sendable {
        let node: String
        let rules: NodeRules
        /// Whether the log goes on behind what it holds.
        let appends: Bool
        /// After how many entries the super block is written, at the latest.
        let superInterval: UInt64
        let isReadOnly: Bool

        init(_ node: NodeDescription) {
            self.node = node.name
            rules = NodeRules(node.options)
            appends = node.options.flag("log-append") ?? false
            superInterval = UInt64(
                clamping: node.options.integer("log-super-update-interval") ?? 4096
            )
            isReadOnly = node.isReadOnly
        }
    }

    let log: WriteLog
    private let settings: StagedValue<Settings>
    /// How long the log may become, in bytes.
    private let logBytesMax = LatestValue<UInt64>(0)

    init(_ opening: DriverOpening) throws(GraphError) {
        settings = StagedValue(Settings(opening.node))
        log = WriteLog(
            sectorBytes: UInt64(clamping: opening.node.options.integer("log-sector-size") ?? 512)
        )
        guard let access = opening.access, !settings.current.isReadOnly else { return }
        // Also to know now that the log's end can be written when the node leaves.
        let child = try access.open(["log"])
        // A format above may write before the graph is switched; that belongs into the log, too.
        if settings.current.appends { log.start(at: try findEnd(child)) }
    }

    /// What views obey.
    var currentSettings: Settings { settings.current }
    /// How long the log may become, in bytes.
    var logLimitBytes: UInt64 { logBytesMax.value }

    func limits(over children: [String: BlockLimits]) throws(GraphError) -> BlockLimits {
        guard let file = children["file"], let log = children["log"] else {
            preconditionFailure("log-writes has a file and a log")
        }
        let sector = UInt32(self.log.sectorBytes)
        guard sector % max(log.alignmentBytes, 1) == 0 else {
            throw refusal(
                "log-sector-size",
                "the log's sectors have \(sector) bytes, which is not a multiple of the request "
                    + "alignment \(log.alignmentBytes) of the node that holds it"
            )
        }
        logBytesMax.store(log.grows ? UInt64(Int64.max) : log.sizeBytes)
        var limits = settings.wished.rules.limits(over: file)
        limits.alignmentBytes = max(limits.alignmentBytes, sector)
        limits.preferredBytes = max(limits.preferredBytes, limits.alignmentBytes)
        return limits
    }

    func makeDriver(in context: DriverContext) -> any BlockDriver {
        LogWritesDriver(
            node: self,
            loop: context.loop,
            file: context.edge("file"),
            log: context.edge("log")
        )
    }

    func prepare(_ opening: DriverOpening) throws(GraphError) -> any PreparedChange {
        settings.stage(Settings(opening.node))
    }

    func prepareRemoval() -> any PreparedChange { NoChange() }
    func check() throws(GraphError) {}
    func close() -> String? { nil }

    /// Finds the end of a log that goes on, when the node comes into the graph.
    ///
    /// Nothing is written: the change may still be undone, and the file that is to hold the log may
    /// hold somebody's disk until then. The head is written before the first entry.
    func begin(over access: ChildAccessPlan) throws(GraphError) {
        guard settings.wished.appends, !log.end.isBegun, !settings.wished.isReadOnly else { return }
        // A node that leaves with this change may have appended since.
        if log.end.entryCount == log.end.savedCount {
            log.start(at: try findEnd(try access.open(["log"])))
        }
        log.begin()
    }

    /// Has the super block tell of all entries, when the node may leave.
    func settle(over access: ChildAccessPlan) throws(GraphError) {
        let end = log.end
        guard end.isBegun, end.savedCount != end.entryCount else { return }
        try save(try access.open(["log"]))
    }

    private func save(_ child: ChildAccess) throws(GraphError) {
        let end = log.end
        try withSector { sector throws(GraphError) in
            log.putSuper(into: sector, entryCount: end.entryCount)
            let bytes = UnsafeRawBufferPointer(start: sector, count: Int(log.sectorBytes))
            var result = child.write("log", at: 0, bytes)
            if result == 0 { result = child.flush("log") }
            guard result == 0 else { throw failure("written", result) }
        }
        log.saved(entryCount: end.entryCount)
    }

    /// Walks over a log of before.
    private func findEnd(_ child: ChildAccess) throws(GraphError) -> WriteLog.End {
        try withSector { sector throws(GraphError) -> WriteLog.End in
            let bytes = UnsafeMutableRawBufferPointer(start: sector, count: Int(log.sectorBytes))
            var result = child.read("log", at: 0, into: bytes)
            guard result == 0 else { throw failure("read", result) }
            let size = UInt32(littleEndian: sector.load(fromByteOffset: 24, as: UInt32.self))
            guard Self.number(sector, 0) == WriteLog.magic,
                Self.number(sector, 8) == WriteLog.version, UInt64(size) == log.sectorBytes
            else {
                throw refusal(
                    "log-append",
                    "the log of node \(settings.wished.node) does not begin as a log of writes "
                        + "with sectors of \(log.sectorBytes) bytes; set log-append: false to "
                        + "start it anew"
                )
            }
            var end = WriteLog.End()
            end.savedCount = Self.number(sector, 16)
            while end.entryCount < end.savedCount {
                result = child.read("log", at: end.sector * log.sectorBytes, into: bytes)
                guard result == 0 else { throw failure("read", result) }
                let isDiscard = Self.number(sector, 16) & WriteLog.Flags.discard.rawValue != 0
                let count = isDiscard ? 0 : Self.number(sector, 8)
                guard count < UInt64(1) << 40 else { throw failure("read", 5) }
                end.sector += 1 + count
                end.entryCount += 1
            }
            return end
        }
    }

    private static func number(_ sector: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: sector.load(fromByteOffset: offset, as: UInt64.self))
    }

    private func withSector<Result>(
        _ body: (UnsafeMutableRawPointer) throws(GraphError) -> Result
    ) throws(GraphError) -> Result {
        let sector = UnsafeMutableRawPointer.allocate(
            byteCount: Int(log.sectorBytes),
            alignment: 4096
        )
        defer { sector.deallocate() }
        return try body(sector)
    }

    private func failure(_ verb: String, _ number: Int32) -> GraphError {
        refusal("log", "the log of node \(settings.wished.node) cannot be \(verb): error \(number)")
    }

    private func refusal(_ option: String, _ reason: String) -> GraphError {
        GraphError(
            code: .openFailed,
            object: "node/\(settings.wished.node)",
            option: option,
            reason: reason
        )
    }
}
