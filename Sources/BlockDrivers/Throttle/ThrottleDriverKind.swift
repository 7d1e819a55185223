package import BlockGraph

/// `throttle`: hands requests on as fast as its group's limits allow.
package struct ThrottleDriverKind: BlockDriverKind {
    package let name = "throttle"
    private let groups: ThrottleGroups

    /// The kind, whose nodes find their groups in `groups`.
    package init(groups: ThrottleGroups) { self.groups = groups }

    package func open(_ opening: DriverOpening) throws(GraphError) -> NodeOpening {
        let settings = try ThrottleSettings(opening.node, groups: groups)
        return NodeOpening(node: OpenThrottle(settings: settings, groups: groups))
    }
}
