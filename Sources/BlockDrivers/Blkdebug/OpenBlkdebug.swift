internal import BlockGraph
internal import Synchronization

/// An open `blkdebug` node: its rules.
final class OpenBlkdebug: OpenNode {
    /// What rules with a state look at; shared by the views of all loops.
    let state = Atomic(1)
    private let settings: StagedValue<BlkdebugSettings>

    init(settings: BlkdebugSettings) { self.settings = StagedValue(settings) }

    /// What views obey.
    var currentSettings: BlkdebugSettings { settings.current }

    func limits(over children: [String: BlockLimits]) throws(GraphError) -> BlockLimits {
        guard let child = children["image"] else { preconditionFailure("a blkdebug has no image") }
        return try settings.wished.limits(over: child)
    }

    func makeDriver(in context: DriverContext) -> any BlockDriver {
        BlkdebugDriver(node: self, loop: context.loop, image: context.edge("image"))
    }

    func prepare(_ opening: DriverOpening) throws(GraphError) -> any PreparedChange {
        settings.stage(
            try BlkdebugSettings(opening.node, keeping: settings.current.rules)
        )
    }

    func prepareRemoval() -> any PreparedChange { NoChange() }
    func check() throws(GraphError) {}
    func close() -> String? { nil }
}
