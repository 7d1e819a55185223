package import BlockGraph
package import GraphModel
internal import RingLoop

/// All throttle groups of the live graph, by name.
///
/// A group that comes is there from `prepare` on, so that nodes can open over it; limits change
/// with the commit.
package final class ThrottleGroups: GraphParticipant {
    private let groups = Locked<[String: ThrottleGroup]>([:])

    /// No groups.
    package init() {}

    /// The group of a name.
    package func group(_ name: String) -> ThrottleGroup? { groups.withLock { $0[name] } }

    package func prepare(
        live: GraphDescription,
        desired: GraphDescription
    ) throws(GraphError) -> any PreparedChange {
        let present = groups.withLock { $0 }
        var change = ThrottleGroupsChange(groups: self)
        for (name, wished) in desired.throttleGroups {
            guard let group = present[name] else {
                let group = ThrottleGroup(wished)
                groups.withLock { $0[name] = group }
                change.added.append(name)
                continue
            }
            if live.throttleGroups[name]?.limits != wished.limits {
                change.changed.append((group, wished.limits))
            }
        }
        change.removed = present.keys.filter { desired.throttleGroups[$0] == nil }
        return PreparedThrottleGroups(change)
    }

    fileprivate func remove(_ names: [String]) {
        groups.withLock { groups in
            for name in names { groups[name] = nil }
        }
    }
}

/// What a transaction does to the groups.
private struct ThrottleGroupsChange: Sendable {
    let groups: ThrottleGroups
    var added: [String] = []
    var changed: [(group: ThrottleGroup, limits: Options)] = []
    var removed: [String] = []
}

private final class PreparedThrottleGroups: PreparedChange {
    private let change: ThrottleGroupsChange

    init(_ change: ThrottleGroupsChange) { self.change = change }

    func commit() {
        for (group, limits) in change.changed { group.change(to: limits) }
        change.groups.remove(change.removed)
    }

    func abort() { change.groups.remove(change.added) }
}
