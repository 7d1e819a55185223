import GraphModel
import RingLoop

/// One change of the live graph: prepared beside it, checked whole, then switched.
///
/// ```
/// made --prepare()--> prepared --drain()--> drained --commit()--> committed --retire()--> over
///   any step before commit may throw, and then --abort()--> over, with nothing changed
/// ```
/// There is nothing to roll back: until commit the live graph is only read.
final class GraphTransaction {
    let graph: LiveGraph
    let transition: GraphTransition
    /// What is looked at: the rest of the live graph goes on without being asked.
    var affected: AffectedObjects
    /// Where formats reach their children before anything serves them.
    let accessLoop: AccessLoop
    let liveTrees = AccessForest()
    let comingTrees = AccessForest()

    /// What becomes of a node.
    struct Coming {
        let record: LiveGraph.Record
        /// Opened by this transaction; closed by its abort.
        let isNew: Bool
    }

    var changes: [any PreparedChange] = []
    var startedThreads: [String: GraphLoop] = [:]
    /// Affected nodes of the wished graph.
    var coming: [String: Coming] = [:]
    /// Nodes whose options, descriptors or limits change, and new ones.
    var touched: Set<NodeIdentity> = []
    /// Nodes that leave, children before their parents.
    var leaving: [LiveGraph.Record] = []
    /// Live threads that shall run on another processor, or on any.
    var rebound: [(thread: GraphLoop, cpu: Int?)] = []
    var preparedExports: [String: any PreparedExports] = [:]
    /// Views that each thread has otherwise than before, from the commit on.
    var changedViews: [String: GraphWiring.Views] = [:]
    var drained: [String: [String]] = [:]
    /// Whether live nodes wrote what only memory knew, or may have.
    var hasSettled = false
    var drainStartNanoseconds: UInt64 = 0
    var pauseNanoseconds: UInt64 = 0
    /// Exports that go on on other threads, with their names.
    var moving: [String: [String]] = [:]
    var movePauseNanoseconds: UInt64 = 0
    var totalsBefore: [String: ExportTotals] = [:]

    init(graph: LiveGraph, transition: GraphTransition) {
        self.graph = graph
        self.transition = transition
        accessLoop = AccessLoop(mayStart: graph.stuckAccess.count < AccessLoop.stuckCountMax)
        affected = AffectedObjects(
            from: graph.resolved,
            to: transition.desired,
            renewed: transition.replacedNodes.union(transition.formerNames.keys)
        )
    }

    var desired: GraphDescription { transition.desired.description }

    /// Whether what is live is what is wished.
    var isEmpty: Bool {
        let live = graph.resolved.description
        return affected.nodes.isEmpty && affected.formerNodes.isEmpty && affected.exports.isEmpty
            && affected.goneExports.isEmpty && live.listeners == desired.listeners
            && live.throttleGroups == desired.throttleGroups && live.ioThreads == desired.ioThreads
    }

    /// A node of the wished graph, as far as it is prepared.
    func record(_ name: String) -> LiveGraph.Record? {
        coming[name]?.record ?? graph.records[name]
    }

    // MARK: - Prepare

    /// Opens, binds, locks and computes everything that the wished graph needs, I/O running.
    func prepare() throws(GraphError) {
        try addMoved()
        totalsBefore = graph.exports.mapValues(\.tally.totals)
        try startThreads()
        try rebindThreads()
        for participant in graph.participants {
            changes.append(
                try participant.prepare(live: graph.resolved.description, desired: desired)
            )
        }
        prepareRemovals()
        for name in affected.nodes { try prepareNode(name) }
        try prepareServices()
        try check()
    }

    private func startThreads() throws(GraphError) {
        for (name, thread) in desired.ioThreads where graph.threads[name] == nil {
            do throws(SystemError) {
                let loop = try EventLoop(
                    configuration: EventLoopConfiguration(
                        name: name,
                        cpu: thread.options.integer("cpu").map(Int.init),
                        isPrompt: true
                    )
                )
                try loop.start()
                startedThreads[name] = GraphLoop(loop: loop, answeredLate: graph.answeredLate)
            } catch {
                throw GraphError(
                    code: .openFailed,
                    object: "iothread/\(name)",
                    reason: error.sentence
                )
            }
        }
    }

    private func rebindThreads() throws(GraphError) {
        let live = graph.resolved.description.ioThreads
        for (name, thread) in graph.threads
        where desired.ioThreads[name] != nil || name == LiveGraph.defaultThread {
            let cpu = desired.ioThreads[name]?.options.integer("cpu").map(Int.init)
            guard cpu != live[name]?.options.integer("cpu").map(Int.init) else { continue }
            if let cpu, !ThreadAffinity.canBind(toCPU: cpu) {
                throw GraphError(
                    code: .openFailed,
                    object: "iothread/\(name)",
                    option: "cpu",
                    reason: "thread \(name) cannot run on processor \(cpu): there is none, or "
                        + "this process may not use it; lscpu and taskset -p show which there are"
                )
            }
            rebound.append((thread, cpu))
        }
    }

    /// Live nodes that go on, by their name in the wished graph.
    func kept(_ name: String) -> LiveGraph.Record? {
        let former = transition.formerNames[name] ?? name
        guard let record = graph.records[former], let node = desired.nodes[name],
            !transition.replacedNodes.contains(name), record.description.driver == node.driver,
            hasSameImage(record.description, node)
        else { return nil }
        return record
    }

    private func prepareRemovals() {
        let keptIdentities = Set(affected.nodes.compactMap { kept($0)?.identity })
        leaving = affected.formerNodes.compactMap { graph.records[$0] }
            .filter { !keptIdentities.contains($0.identity) }
        for record in leaving { changes.append(record.node.prepareRemoval()) }
    }

    private func prepareNode(_ name: String) throws(GraphError) {
        guard let node = desired.nodes[name] else { preconditionFailure("no node \(name)") }
        let children = Self.childLimits(of: node) { record($0)?.limits }
        let masks = transition.desired.cumulative(of: name)
        let opening = DriverOpening(
            node: node,
            children: children,
            masks: masks,
            baseDirectory: transition.baseDirectory,
            access: isFormat(node) ? access(of: node, comingTrees, in: record) : nil
        )
        if var record = kept(name) {
            if record.description.options != node.options || record.masks != masks
                || hasOtherChildren(record, node, limits: children)
            {
                changes.append(try record.node.prepare(opening))
                touched.insert(record.identity)
            }
            // After the preparation: limits are those of what was prepared.
            let limits = try record.node.limits(over: children)
            if record.limits != limits { touched.insert(record.identity) }
            record.description = node
            record.masks = masks
            record.limits = limits
            coming[name] = Coming(record: record, isNew: false)
        } else {
            try open(opening)
        }
    }

    private func open(_ opening: DriverOpening) throws(GraphError) {
        let node = opening.node
        guard let kind = graph.kinds[node.driver] else {
            throw GraphError(
                code: .notOpenable,
                object: "node/\(node.name)",
                option: "driver",
                reason: "driver \(node.driver) is known and can be planned with, but this version "
                    + "cannot open it; nodes that can be served use "
                    + graph.kinds.keys.sorted().joined(separator: ", ")
            )
        }
        let opened = try kind.open(opening)
        if let creation = opened.creation { changes.append(creation) }
        let identity = graph.nextIdentity()
        touched.insert(identity)
        let placeholder = LiveGraph.Record(
            identity: identity,
            description: node,
            node: opened.node,
            limits: BlockLimits(sizeBytes: 0),
            masks: opening.masks
        )
        coming[node.name] = Coming(record: placeholder, isNew: true)
        var record = placeholder
        record.limits = try opened.node.limits(over: opening.children)
        coming[node.name] = Coming(record: record, isNew: true)
    }

    private func prepareServices() throws(GraphError) {
        var limits: [String: BlockLimits] = [:]
        for name in affected.exports {
            limits[name] = desired.exports[name].flatMap { record($0.node)?.limits }
        }
        let change = ExportChange(
            live: graph.resolved.description,
            desired: desired,
            affected: affected.exports,
            gone: affected.goneExports,
            limits: limits,
            baseDirectory: transition.baseDirectory
        )
        for (type, service) in graph.services {
            let prepared = try service.prepare(change)
            preparedExports[type] = prepared
            changes.append(prepared)
        }
    }

    private func check() throws(GraphError) {
        try checkPlacement()
        for (name, node) in coming.sorted(by: { $0.key < $1.key }) {
            try checkWriters(name, node.record)
            if touched.contains(node.record.identity) { try node.record.node.check() }
        }
        for name in affected.exports {
            guard let export = desired.exports[name], let record = record(export.node) else {
                continue
            }
            if graph.services[export.type] == nil {
                throw GraphError(
                    code: .notOpenable,
                    object: "export/\(name)",
                    option: "type",
                    reason: "exports of type \(export.type) cannot be served by this version"
                )
            }
            try checkSize(name, record)
        }
    }

    private func checkWriters(_ name: String, _ record: LiveGraph.Record) throws(GraphError) {
        let used = record.masks.used
        guard !used.isDisjoint(with: [.write, .writeUnchanged]) else { return }
        if record.limits.isReadOnly {
            throw GraphError(
                code: .readOnly,
                object: "node/\(name)",
                reason: "node \(name) has users that write and can only be read; "
                    + "make the file writable, or the export read-only (writable: false)"
            )
        }
        let rest = record.limits.sizeBytes % UInt64(record.limits.alignmentBytes)
        if rest != 0, !used.contains(.resize) {
            throw GraphError(
                code: .size,
                object: "node/\(name)",
                reason: "node \(name) cannot be written without resizing it: its size "
                    + "\(record.limits.sizeBytes) is not a multiple of its request alignment "
                    + "\(record.limits.alignmentBytes)"
            )
        }
    }

    /// Clients were told a size when they connected; it must not shrink under them.
    private func checkSize(_ name: String, _ record: LiveGraph.Record) throws(GraphError) {
        guard let service = graph.exports[name],
            let live = graph.resolved.description.exports[name],
            let old = graph.records[live.node], record.limits.sizeBytes < old.limits.sizeBytes,
            !service.handler.clients.isEmpty
        else { return }
        throw GraphError(
            code: .inUse,
            object: "export/\(name)",
            option: "node",
            reason: "export \(name) would shrink from \(old.limits.sizeBytes) to "
                + "\(record.limits.sizeBytes) bytes under its clients "
                + "(\(service.handler.clients.count) connected); disconnect them first, or use a "
                + "node of at least that size"
        )
    }

    // MARK: - Drain

    /// Pauses the exports whose requests must not see both graphs, and waits for what is in flight.
    func drain() async throws(GraphError) {
        drainStartNanoseconds = MonotonicClock.now
        for name in transition.drainedExports.union(exportsThatMove).sorted() {
            guard let service = graph.exports[name] else { continue }
            for thread in service.threads { drained[thread, default: []].append(name) }
        }
        let deadline = drainStartNanoseconds + transition.drainTimeoutNanoseconds
        // All of them first: what one loop waits for may be held back by a limit on another.
        for (thread, exports) in drained.sorted(by: { $0.key < $1.key }) {
            await graph.threads[thread]?.pause(exports)
        }
        for (thread, exports) in drained.sorted(by: { $0.key < $1.key }) {
            guard let loop = graph.threads[thread] else { continue }
            let busy = await loop.drain(exports, until: deadline)
            if !busy.isEmpty {
                throw GraphError(
                    code: .drainTimeout,
                    object: "export/\(busy[0])",
                    reason: "requests of export \(busy.joined(separator: ", ")) did not finish "
                        + "within \(transition.drainTimeoutNanoseconds / 1_000_000) ms; the plan "
                        + "was undone and they go on; try again, or with a longer --drain-timeout"
                )
            }
        }
    }

    /// Live exports that go on on other threads, or leave; by name.
    var exportsThatMove: [String] {
        let moving = affected.exports.filter { name in
            guard let service = graph.exports[name], let export = desired.exports[name] else {
                return false
            }
            return export.servingThreads != service.threads
        }
        return (moving + affected.goneExports).sorted()
    }

    /// Forgets everything that was prepared, newest first; the live graph goes on as it was.
    func abort() async {
        // What was changed in images is taken back before anybody works with them again.
        for change in changes.reversed() { change.abort() }
        for (thread, exports) in drained { await graph.threads[thread]?.resume(exports) }
        // Parents first, as everywhere.
        for name in affected.nodes.reversed() {
            guard let node = coming[name], node.isNew else { continue }
            _ = node.record.node.close()
        }
        for (_, thread) in startedThreads {
            thread.loop.stop()
            thread.loop.join()
        }
    }
}
