import GraphModel

/// Which views each thread needs for a graph, and how to get there from what it has: pure values.
struct GraphWiring {
    private let resolved: ResolvedGraph
    private let records: [String: LiveGraph.Record]
    private let edges: [NodeIdentity: [LiveGraph.EdgeEnd]]

    /// Views of one thread.
    struct Views {
        /// Children first.
        let order: [NodeIdentity]
        /// Ends of each view's edges.
        let edges: [NodeIdentity: [LiveGraph.EdgeEnd]]
        /// The open nodes.
        let nodes: [NodeIdentity: any OpenNode]
    }

    init(resolved: ResolvedGraph, records: [String: LiveGraph.Record]) {
        self.resolved = resolved
        self.records = records
        edges = Dictionary(
            uniqueKeysWithValues: records.values.map { record in
                let ends = record.description.children.compactMap {
                    child -> LiveGraph.EdgeEnd? in
                    guard let end = records[child.node] else { return nil }
                    return LiveGraph.EdgeEnd(name: child.edge, child: end.identity)
                }
                return (record.identity, ends)
            }
        )
    }

    /// The way of an export into the graph.
    func port(of export: ExportDescription) -> LoopChange.Port {
        guard let record = records[export.node] else {
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
    func reachable(from root: NodeIdentity) -> Set<NodeIdentity> {
        var found: Set<NodeIdentity> = []
        var pending = [root]
        while let identity = pending.popLast() {
            guard found.insert(identity).inserted else { continue }
            pending += (edges[identity] ?? []).map(\.child)
        }
        return found
    }

    /// Views that a thread needs: what its exports reach.
    func views(on thread: String) -> Views {
        var wanted: Set<NodeIdentity> = []
        for export in resolved.description.exports.values
        where (export.options.text("iothread") ?? LiveGraph.defaultThread) == thread {
            guard let record = records[export.node] else { continue }
            wanted.formUnion(reachable(from: record.identity))
        }
        var order: [NodeIdentity] = []
        var nodes: [NodeIdentity: any OpenNode] = [:]
        for name in resolved.order {
            guard let record = records[name], wanted.contains(record.identity) else { continue }
            order.append(record.identity)
            nodes[record.identity] = record.node
        }
        return Views(order: order, edges: edges.filter { wanted.contains($0.key) }, nodes: nodes)
    }

    /// What a thread must do to have other views than it has.
    func change(
        from old: [NodeIdentity: [LiveGraph.EdgeEnd]],
        to wanted: Views,
        touched: Set<NodeIdentity>,
        generation: UInt64
    ) -> LoopChange {
        var change = LoopChange(generation: generation)
        var remade: Set<NodeIdentity> = []
        for identity in wanted.order {
            let ends = wanted.edges[identity] ?? []
            // A view has its edges for life: with more or fewer of them the node gets another one.
            guard let oldEnds = old[identity], oldEnds.map(\.name) == ends.map(\.name) else {
                guard let node = wanted.nodes[identity] else { continue }
                if old[identity] != nil { remade.insert(identity) }
                change.views.append(
                    LoopChange.View(
                        identity: identity,
                        node: node,
                        edges: ends.map { (name: $0.name, child: $0.child) }
                    )
                )
                continue
            }
            for (end, oldEnd) in zip(ends, oldEnds)
            where end.child != oldEnd.child || remade.contains(end.child) {
                change.retargets.append(
                    LoopChange.Retarget(parent: identity, edge: end.name, child: end.child)
                )
            }
            if touched.contains(identity) { change.changedOptions.append(identity) }
        }
        change.removals = old.keys.filter { wanted.edges[$0] == nil }
            .sorted { $0.number < $1.number }
        return change
    }
}
