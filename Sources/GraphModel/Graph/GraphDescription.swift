/// A whole configuration as a value: what is wished, what is live, and what was saved.
///
/// Equal values mean the same graph, whatever the files looked like.
package struct GraphDescription: Hashable, Sendable {
    /// Nodes by name, inline children included.
    package var nodes: [String: NodeDescription] = [:]
    /// Exports by key.
    package var exports: [String: ExportDescription] = [:]
    /// Listeners by name.
    package var listeners: [String: ListenerDescription] = [:]
    /// Throttle groups by name.
    package var throttleGroups: [String: ThrottleGroupDescription] = [:]
    /// I/O threads by name.
    package var ioThreads: [String: IOThreadDescription] = [:]

    /// The empty graph.
    package init() {}
}
