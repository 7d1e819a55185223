internal import BlockGraph

/// An open `null-co` node: its settings.
final class OpenNull: OpenNode {
    private let settings: StagedValue<NullSettings>

    init(settings: NullSettings) { self.settings = StagedValue(settings) }

    /// What views obey.
    var currentSettings: NullSettings { settings.current }

    func limits(over children: [String: BlockLimits]) throws(GraphError) -> BlockLimits {
        settings.wished.limits
    }

    func makeDriver(in context: DriverContext) -> any BlockDriver {
        NullDriver(node: self, loop: context.loop)
    }

    func prepare(_ opening: DriverOpening) throws(GraphError) -> any PreparedChange {
        settings.stage(NullSettings(opening.node))
    }

    func prepareRemoval() -> any PreparedChange { NoChange() }
    func check() throws(GraphError) {}
    func close() -> String? { nil }
}
