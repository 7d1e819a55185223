import GraphModel
import RingLoop

// What nodes do between the drain and the commit, while no request can reach them.
extension GraphTransaction {
    /// Has what is drained write what only memory knows, then what comes read what must be fresh.
    ///
    /// So a node that comes sees the whole of what one that leaves had in memory, though both were
    /// open side by side. Exports wait meanwhile: a node that does not get there before the drain's
    /// deadline, because what is below it hangs, undoes the plan.
    func settle() throws(GraphError) {
        do throws(GraphError) {
            try settleNodes()
        } catch {
            guard !drained.isEmpty, MonotonicClock.now >= settleDeadlineNanoseconds else {
                throw error
            }
            throw GraphError(
                code: .drainTimeout,
                object: error.object,
                option: error.option,
                reason: "\(error.reason); exports may wait "
                    + "\(settleLimitNanoseconds / 1_000_000) ms and no longer, so the "
                    + "plan was undone and they go on; try again, or with a longer --drain-timeout"
            )
        }
    }

    private func settleNodes() throws(GraphError) {
        let names = quietNames
        hasSettled = !names.isEmpty
        for name in names {
            guard let live = graph.records[name] else { continue }
            let access = access(of: live.description, liveTrees) { self.graph.records[$0] }
            try live.node.settle(over: access)
        }
        let isQuiet = Set(names)
        for name in affected.nodes {
            guard let entry = coming[name] else { continue }
            let former = transition.formerNames[name] ?? name
            guard
                entry.isNew || (touched.contains(entry.record.identity) && isQuiet.contains(former))
            else { continue }
            let access = access(of: entry.record.description, comingTrees, in: record)
            try entry.record.node.begin(over: access)
        }
    }

    /// Whether a node has a driver with tables of its own, which it reads while it opens.
    func isFormat(_ node: NodeDescription) -> Bool {
        Catalog.driver(node.driver)?.slots.contains { $0.role.contains(.metadata) } ?? false
    }

    /// Whether the tables of a format lie in the very node in which they lay, below filters.
    ///
    /// Another node may hold another image, or none yet: what reads it must be opened anew.
    func hasSameImage(_ live: NodeDescription, _ node: NodeDescription) -> Bool {
        for slot in Catalog.driver(node.driver)?.slots ?? [] where slot.role.contains(.metadata) {
            let before = graph.resolved.description.image(below: live.child(slot.name))
            let after = desired.image(below: node.child(slot.name))
            guard let before, let after else { continue }
            guard kept(after)?.identity == graph.records[before]?.identity else { return false }
        }
        return true
    }

    /// Whether a node that goes on has to be told of its children: of other edges, and if it is a
    /// format, of other nodes at their ends or other sizes of these.
    func hasOtherChildren(
        _ record: LiveGraph.Record,
        _ node: NodeDescription,
        limits: [String: BlockLimits]
    ) -> Bool {
        let before = record.description.children
        guard isFormat(node) else { return before.map(\.edge) != node.children.map(\.edge) }
        if before != node.children { return true }
        return node.children.contains { child in
            guard let old = graph.records[child.node] else { return true }
            return old.identity != self.record(child.node)?.identity
                || old.limits != limits[child.edge]
        }
    }

    /// The way of a node to its children, and to everything below these.
    func access(
        of node: NodeDescription,
        _ forest: AccessForest,
        in records: (String) -> LiveGraph.Record?
    ) -> ChildAccessPlan {
        ChildAccessPlan(
            children: node.children.compactMap { child in
                forest.tree(child.node, in: records).map { (child.edge, $0) }
            },
            home: accessLoop,
            patience: patience,
            mayHaveChanged: hasSettled
        )
    }

    private var patience: AccessPatience {
        guard drained.isEmpty else {
            return AccessPatience(
                requestNanoseconds: .max,
                deadlineNanoseconds: settleDeadlineNanoseconds
            )
        }
        return AccessPatience(
            requestNanoseconds: transition.settleTimeoutNanoseconds,
            deadlineNanoseconds: .max
        )
    }

    /// When nodes must have settled, in nanoseconds of the monotonic clock.
    private var settleDeadlineNanoseconds: UInt64 {
        let (end, overflow) = drainStartNanoseconds.addingReportingOverflow(
            settleLimitNanoseconds
        )
        return overflow ? .max : end
    }

    /// How long settling may take from the beginning of the drain, in nanoseconds: where clients wait
    /// no longer than the drain, and longer where all that is drained leaves, such as at the end.
    private var settleLimitNanoseconds: UInt64 {
        drained.values.joined().contains { desired.exports[$0] != nil }
            ? transition.drainTimeoutNanoseconds : transition.settleTimeoutNanoseconds
    }

    /// Refuses nodes that keep state for one thread and are needed on several.
    func checkPlacement() throws(GraphError) {
        for (name, entry) in coming.sorted(by: { $0.key < $1.key })
        where entry.record.node.livesOnOneLoop {
            let threads = transition.desired.placement.threads(of: name)
            guard threads.count > 1 else { continue }
            throw GraphError(
                code: .openFailed,
                object: "node/\(name)",
                reason: "node \(name) (\(entry.record.description.driver)) is needed on the I/O "
                    + "threads \(threads.joined(separator: ", ")) and can live on one only while it "
                    + "may be written; give the exports above it one iothread, the same for all, or "
                    + "set read-only: true (every node can live on several threads but a qcow2 that "
                    + "may be written, and an nbd whose server takes one connection)"
            )
        }
    }

    /// Live nodes that have to do with the change and that no request can reach now, because no
    /// export reaches them or only drained ones; parents first.
    private var quietNames: [String] {
        let quiet = Set(drained.values.joined())
        let roots = quiet.compactMap { graph.resolved.description.exports[$0]?.node }
        return graph.resolved.nodes(below: affected.formerNodes + roots, unreachedBut: quiet)
    }
}

extension GraphDescription {
    /// The node whose bytes a chain of filters shows.
    fileprivate func image(below name: String?) -> String? {
        guard var name else { return nil }
        // A graph has no cycles; the bound is for a broken one.
        for _ in 0...nodes.count {
            guard let node = nodes[name], let driver = Catalog.driver(node.driver),
                let child = node.children.first(where: {
                    driver.role(edge: $0.edge, of: node)?.contains(.filtered) == true
                })
            else { return name }
            name = child.node
        }
        return nil
    }
}
