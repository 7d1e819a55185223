internal import BlockGraph

/// An open `raw` node: its window.
final class OpenRaw: OpenNode {
    private let window: StagedValue<RawWindow>

    init(window: RawWindow) { self.window = StagedValue(window) }

    /// What views obey.
    var currentWindow: RawWindow { window.current }

    func limits(over children: [String: BlockLimits]) throws(GraphError) -> BlockLimits {
        guard let child = children["file"] else { preconditionFailure("a raw node has no file") }
        return try window.wished.limits(over: child)
    }

    func makeDriver(in context: DriverContext) -> any BlockDriver {
        RawDriver(node: self, file: context.edge("file"))
    }

    func prepare(_ opening: DriverOpening) throws(GraphError) -> any PreparedChange {
        window.stage(RawWindow(opening.node))
    }

    func prepareRemoval() -> any PreparedChange { NoChange() }
    func check() throws(GraphError) {}
    func close() -> String? { nil }
}
