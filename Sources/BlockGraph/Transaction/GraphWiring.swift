import GraphModel

/// Which views of the affected nodes each thread needs, and how to get there from what it has.
struct GraphWiring {
    private let transaction: GraphTransaction

    /// Views that a thread has after a change and had not so before; `nil` for one that goes.
    typealias Views = [NodeIdentity: [LiveGraph.EdgeEnd]?]

    init(_ transaction: GraphTransaction) { self.transaction = transaction }

    /// The way of an export into the graph.
    func port(of export: ExportDescription) -> LoopChange.Port {
        guard let record = transaction.record(export.node) else {
            preconditionFailure("export \(export.name) of no node")
        }
        return LoopChange.Port(
            export: export.name,
            root: record.identity,
            limits: record.limits,
            rights: export.isWritable ? [.consistentRead, .write] : .consistentRead
        )
    }

    /// A node and everything below it.
    func reachable(from root: String) -> Set<NodeIdentity> {
        var found: Set<NodeIdentity> = []
        var pending = [root]
        while let name = pending.popLast() {
            guard let record = transaction.record(name), found.insert(record.identity).inserted
            else { continue }
            pending += record.description.children.map(\.node)
        }
        return found
    }

    /// What a thread must do.
    ///
    /// A thread has views of what its exports reach, and each affected node's threads are known.
    ///
    /// - Parameters:
    ///   - thread: Its name.
    ///   - old: The views that it has.
    ///   - generation: Number of the commit.
    /// - Returns: The change, and the views that it makes, rewires or takes away.
    func change(
        of thread: String,
        from old: [NodeIdentity: [LiveGraph.EdgeEnd]],
        generation: UInt64
    ) -> (change: LoopChange, views: Views) {
        var change = LoopChange(generation: generation)
        var views: Views = [:]
        var remade: Set<NodeIdentity> = []
        for name in transaction.affected.nodes {
            guard let record = transaction.record(name) else { continue }
            let identity = record.identity
            let oldEnds = old[identity]
            guard transaction.transition.desired.placement.servingThreads(of: name).contains(thread)
            else {
                if oldEnds != nil { views.updateValue(nil, forKey: identity) }
                continue
            }
            let ends = ends(of: record)
            views[identity] = .some(ends)
            // A view has its edges for life: with more or fewer of them the node gets another one.
            guard let oldEnds, oldEnds.map(\.name) == ends.map(\.name) else {
                if oldEnds != nil { remade.insert(identity) }
                let edges = ends.map { (name: $0.name, child: $0.child) }
                change.views.append(
                    LoopChange.View(identity: identity, node: record.node, edges: edges)
                )
                continue
            }
            for (end, oldEnd) in zip(ends, oldEnds)
            where end.child != oldEnd.child || remade.contains(end.child) {
                change.retargets.append(
                    LoopChange.Retarget(parent: identity, edge: end.name, child: end.child)
                )
            }
            if transaction.touched.contains(identity) { change.changedOptions.append(identity) }
        }
        for record in transaction.leaving where old[record.identity] != nil {
            views.updateValue(nil, forKey: record.identity)
        }
        change.removals = views.filter { $0.value == nil }.keys.sorted { $0.number < $1.number }
        return (change, views)
    }

    private func ends(of record: LiveGraph.Record) -> [LiveGraph.EdgeEnd] {
        record.description.children.compactMap { child in
            guard let end = transaction.record(child.node) else { return nil }
            return LiveGraph.EdgeEnd(name: child.edge, child: end.identity)
        }
    }
}
