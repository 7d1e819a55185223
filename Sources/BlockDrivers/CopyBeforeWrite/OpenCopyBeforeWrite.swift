internal import BlockGraph
internal import GraphModel
internal import RingLoop

/// An open `copy-before-write` node: its point in time is when it came into the graph.
final class OpenCopyBeforeWrite: OpenNode {
    /// What the node does when saving fails, and how long it may take.
    struct Settings: Sendable {
        let node: String
        let rules: NodeRules
        /// Whether the point in time is given up rather than the write refused.
        let breaksSnapshot: Bool
        /// Longest time to save, in nanoseconds; 0 for any.
        let timeoutNanoseconds: UInt64

        init(_ node: NodeDescription) {
            self.node = node.name
            rules = NodeRules(node.options)
            breaksSnapshot = node.options.text("on-cbw-error") == "break-snapshot"
            timeoutNanoseconds = UInt64(clamping: node.options.integer("cbw-timeout") ?? 0)
        }
    }

    let moment: PointInTime
    private let settings: StagedValue<Settings>

    init(_ opening: DriverOpening) throws(GraphError) {
        let settings = Settings(opening.node)
        self.settings = StagedValue(settings)
        let (file, target) = Self.children(opening.children)
        try Self.check(file, target, settings)
        moment = PointInTime(
            sizeBytes: file.sizeBytes,
            clusterBytes: UInt64(
                max(file.alignmentBytes, target.alignmentBytes, target.clusterBytes)
            )
        )
    }

    /// What views obey.
    var currentSettings: Settings { settings.current }

    func limits(over children: [String: BlockLimits]) throws(GraphError) -> BlockLimits {
        let (file, target) = Self.children(children)
        let settings = settings.wished
        try Self.check(file, target, settings)
        guard file.sizeBytes == moment.sizeBytes else {
            throw GraphError(
                code: .size,
                object: "node/\(settings.node)",
                option: "file",
                reason: "the file of node \(settings.node) had \(moment.sizeBytes) bytes at the "
                    + "point in time that it keeps, and would have \(file.sizeBytes); remove the "
                    + "node before the file changes its size"
            )
        }
        var limits = settings.rules.limits(over: file)
        limits.preservesState = true
        return limits
    }

    func makeDriver(in context: DriverContext) -> any BlockDriver {
        CopyBeforeWriteDriver(
            node: self,
            loop: context.loop,
            file: context.edge("file"),
            target: context.edge("target")
        )
    }

    func prepare(_ opening: DriverOpening) throws(GraphError) -> any PreparedChange {
        settings.stage(Settings(opening.node))
    }

    func prepareRemoval() -> any PreparedChange { NoChange() }
    func check() throws(GraphError) {}

    var finding: String? {
        let failures = moment.failures
        guard failures.count > 0 else { return nil }
        let reason = SystemError.words(of: failures.firstError)
        guard moment.isBroken else {
            let times = failures.count == 1 ? "a write" : "\(failures.count) writes"
            return "node \(settings.current.node) refused \(times), since what would have been "
                + "overwritten could not be saved in its target; first: \(reason)"
        }
        return "node \(settings.current.node) could not save what was overwritten (\(reason)), so "
            + "that its point in time was given up; a backup that was read from it is not complete"
    }

    func close() -> String? { finding }

    private static func children(
        _ children: [String: BlockLimits]
    ) -> (file: BlockLimits, target: BlockLimits) {
        guard let file = children["file"], let target = children["target"] else {
            preconditionFailure("copy-before-write has a file and a target")
        }
        return (file, target)
    }

    private static func check(
        _ file: BlockLimits,
        _ target: BlockLimits,
        _ settings: Settings
    ) throws(GraphError) {
        guard target.sizeBytes >= file.sizeBytes else {
            throw GraphError(
                code: .size,
                object: "node/\(settings.node)",
                option: "target",
                reason: "the target of node \(settings.node) has \(target.sizeBytes) bytes and its "
                    + "file \(file.sizeBytes); everything may be overwritten, so that the target "
                    + "needs as many (it stays sparse until then)"
            )
        }
        guard file.sizeBytes < PointInTime.sizeBytesMax else {
            throw GraphError(
                code: .size,
                object: "node/\(settings.node)",
                option: "file",
                reason: "the file of node \(settings.node) has \(file.sizeBytes) bytes; a point "
                    + "in time can be kept of less than \(PointInTime.sizeBytesMax)"
            )
        }
        guard file.sizeBytes % UInt64(max(target.alignmentBytes, 1)) == 0 else {
            throw GraphError(
                code: .size,
                object: "node/\(settings.node)",
                option: "target",
                reason: "the file of node \(settings.node) has \(file.sizeBytes) bytes, which is "
                    + "not a multiple of the request alignment \(target.alignmentBytes) of its "
                    + "target; set cache: {direct: false} on the target"
            )
        }
    }
}
