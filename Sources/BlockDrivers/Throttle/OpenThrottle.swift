internal import BlockGraph
internal import GraphModel

/// Options of a `throttle` node.
struct ThrottleSettings: Sendable {
    let group: ThrottleGroup
    let rules: NodeRules

    init(_ node: NodeDescription, groups: ThrottleGroups) throws(GraphError) {
        let name = node.options.text("throttle-group") ?? ""
        guard let group = groups.group(name) else {
            throw GraphError(
                code: .openFailed,
                object: "node/\(node.name)",
                option: "throttle-group",
                reason: "there is no throttle group \"\(name)\"; declare it under throttle-groups"
            )
        }
        self.group = group
        rules = NodeRules(node.options)
    }
}

/// An open `throttle` node: which group it belongs to.
final class OpenThrottle: OpenNode {
    private let settings: StagedValue<ThrottleSettings>
    private let groups: ThrottleGroups

    init(settings: ThrottleSettings, groups: ThrottleGroups) {
        self.settings = StagedValue(settings)
        self.groups = groups
    }

    /// What views obey.
    var currentSettings: ThrottleSettings { settings.current }

    func limits(over children: [String: BlockLimits]) throws(GraphError) -> BlockLimits {
        guard let file = children["file"] else { preconditionFailure("a throttle has no file") }
        return settings.wished.rules.limits(over: file)
    }

    func makeDriver(in context: DriverContext) -> any BlockDriver {
        ThrottleDriver(node: self, loop: context.loop, file: context.edge("file"))
    }

    func prepare(_ opening: DriverOpening) throws(GraphError) -> any PreparedChange {
        settings.stage(try ThrottleSettings(opening.node, groups: groups))
    }

    func prepareRemoval() -> any PreparedChange { NoChange() }
    func check() throws(GraphError) {}
    func close() -> String? { nil }
}
