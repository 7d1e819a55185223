internal import BlockGraph
internal import GraphModel
internal import RingLoop

/// An open `preallocate` node: up to where space was taken.
final class OpenPreallocate: OpenNode {
    /// Options of the node.
    struct Settings: Sendable {
        let rules: NodeRules
        /// How much space is taken at a time, in bytes.
        let stepBytes: UInt64
        /// What its end is a multiple of, in bytes.
        let alignmentBytes: UInt64

        init(_ node: NodeDescription) {
            rules = NodeRules(node.options)
            stepBytes = UInt64(clamping: node.options.integer("prealloc-size") ?? 128 << 20)
            alignmentBytes = UInt64(clamping: node.options.integer("prealloc-align") ?? 1 << 20)
        }
    }

    /// Keeps writes behind the end apart from the taking of space there.
    let gate = RangeGate()
    private let settings: StagedValue<Settings>
    /// End of what was ever taken or written; nothing while the file below cannot grow.
    private let end: Locked<UInt64?>

    init(_ opening: DriverOpening) {
        settings = StagedValue(Settings(opening.node))
        let file = opening.children["file"]
        end = Locked(file?.grows == true ? file?.sizeBytes : nil)
    }

    /// What views obey.
    var currentSettings: Settings { settings.current }

    /// Up to where space was taken; nothing when none can be taken.
    var endBytes: UInt64? { end.withLock { $0 } }

    /// Says up to where space was taken, or that none can be.
    func setEnd(_ endBytes: UInt64?) { end.withLock { $0 = endBytes } }

    func limits(over children: [String: BlockLimits]) throws(GraphError) -> BlockLimits {
        guard let file = children["file"] else { preconditionFailure("preallocate has no file") }
        return settings.wished.rules.limits(over: file)
    }

    func makeDriver(in context: DriverContext) -> any BlockDriver {
        PreallocateDriver(node: self, loop: context.loop, file: context.edge("file"))
    }

    func prepare(_ opening: DriverOpening) throws(GraphError) -> any PreparedChange {
        settings.stage(Settings(opening.node))
    }

    func prepareRemoval() -> any PreparedChange { NoChange() }
    func check() throws(GraphError) {}
    func close() -> String? { nil }
}
