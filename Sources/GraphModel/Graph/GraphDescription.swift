/// A whole configuration as a value: what is wished, what is live, and what was saved.
///
/// Equal values mean the same graph, whatever the files looked like.
package struct GraphDescription: Sendable {
    private struct Contents: Hashable {
        var nodes: [String: NodeDescription] = [:]
        var exports: [String: ExportDescription] = [:]
        var listeners: [String: ListenerDescription] = [:]
        var throttleGroups: [String: ThrottleGroupDescription] = [:]
        var ioThreads: [String: IOThreadDescription] = [:]
    }

    private var contents = Contents()
    /// What the graph was made of, when that is known; no part of what it says.
    private var lineage: GraphLineage?

    /// The empty graph.
    package init() {}

    // Whatever changes a part changes it in place, for a copy of it may be large, and ends what is
    // known of the graph's lineage.

    /// Nodes by name, inline children included.
    package var nodes: [String: NodeDescription] {
        get { contents.nodes }
        _modify {
            lineage = nil
            yield &contents.nodes
        }
    }

    /// How many nodes there are.
    package var nodeCount: Int { contents.nodes.count }

    /// Exports by key.
    package var exports: [String: ExportDescription] {
        get { contents.exports }
        _modify {
            lineage = nil
            yield &contents.exports
        }
    }

    /// Listeners by name.
    package var listeners: [String: ListenerDescription] {
        get { contents.listeners }
        _modify {
            lineage = nil
            yield &contents.listeners
        }
    }

    /// Throttle groups by name.
    package var throttleGroups: [String: ThrottleGroupDescription] {
        get { contents.throttleGroups }
        _modify {
            lineage = nil
            yield &contents.throttleGroups
        }
    }

    /// I/O threads by name.
    package var ioThreads: [String: IOThreadDescription] {
        get { contents.ioThreads }
        _modify {
            lineage = nil
            yield &contents.ioThreads
        }
    }

    /// Notes that the graph was made of another one, and that nothing else is otherwise.
    ///
    /// - Parameters:
    ///   - other: The graph that it was made of; `nil` for one that others may be made of.
    ///   - names: Names of all nodes and exports that may not be what they were. Services may
    ///     always be otherwise.
    package mutating func descend(from other: GraphDescription?, changing names: ChangedNames) {
        var lineage = other?.lineage ?? GraphLineage()
        if other?.lineage != nil { lineage.append(names) }
        self.lineage = lineage
    }

    /// Names of all nodes and exports that may be otherwise than in another graph; `nil` when that
    /// is not known.
    package func changes(since other: GraphDescription) -> ChangedNames? {
        guard let lineage, let old = other.lineage else { return nil }
        return lineage.changes(since: old)
    }
}

extension GraphDescription: Hashable {
    /// Whether both say the same, whatever they were made of.
    package static func == (left: GraphDescription, right: GraphDescription) -> Bool {
        if let one = left.lineage, let other = right.lineage, one.isSame(as: other) { return true }
        return left.contents == right.contents
    }

    /// Hashes what the graph says.
    package func hash(into hasher: inout Hasher) { hasher.combine(contents) }
}
