package import RingLoop

/// One loop's part of the live graph: views, edges and ports; no checks, no opening.
///
/// An actor on the loop's own thread: what it holds is touched by requests between its calls, and
/// a call without `await` is one step between two turns.
package actor GraphLoop {
    /// The loop.
    package nonisolated let loop: EventLoop
    private var nodes: [NodeIdentity: Node] = [:]
    private var ports: [String: ExportPort] = [:]
    /// What commits took out of the graph, oldest first.
    private var retiring: [Retirement] = []
    /// Nodes that hold nothing back until ``resume(_:)``.
    private var drainedNodes: [Node] = []
    /// Told when requests are answered that a commit had given up to wait for.
    private let answeredLate: @Sendable () -> Void
    private var lateWait: IdleWait?

    /// A port's path, with the export that it is or was of.
    private struct ExportPath {
        let export: String
        let path: IOPath
    }

    /// What one commit took out, while requests of before may still hold it.
    ///
    /// A request may have passed an edge that leads elsewhere by now, so that nobody can say which
    /// nodes it holds: what left is kept until all requests of that commit and of earlier ones are
    /// answered.
    private struct Retirement {
        let generation: UInt64
        let paths: [ExportPath]
        let nodes: [Node]

        var isOver: Bool { paths.allSatisfy { $0.path.parkedCount == 0 } }
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        loop.asUnownedSerialExecutor()
    }

    /// An empty part of a graph.
    ///
    /// - Parameters:
    ///   - loop: The loop.
    ///   - answeredLate: Called on the loop's thread when the last request is answered that holds
    ///     back what ``oldestRetirement()`` told.
    package init(loop: EventLoop, answeredLate: @escaping @Sendable () -> Void = {}) {
        self.loop = loop
        self.answeredLate = answeredLate
    }

    /// Makes a commit's change, and lets exports that were drained go on; one step, cannot fail.
    func commit(_ change: LoopChange, resuming exports: [String]) {
        make(change)
        resume(exports)
    }

    private func make(_ change: LoopChange) {
        let remade = change.views.compactMap(add)
        for retarget in change.retargets {
            edge(retarget.edge, of: retarget.parent).retarget(node(retarget.child))
        }
        for identity in change.changedOptions { nodes[identity]?.driver.optionsChanged() }
        var oldPaths: [ExportPath] = []
        for port in change.switchedPorts {
            guard let live = ports[port.export] else { preconditionFailure("no port \(port)") }
            oldPaths.append(ExportPath(export: port.export, path: live.path))
            live.switchPath(makePath(port, generation: change.generation))
        }
        for leaving in change.leavingPorts {
            guard let port = ports.removeValue(forKey: leaving.export) else { continue }
            oldPaths.append(ExportPath(export: leaving.export, path: port.path))
            leaving.handler.detach(port)
        }
        for new in change.newPorts {
            let port = ExportPort(
                exportName: new.port.export,
                loop: loop,
                path: makePath(new.port, generation: change.generation),
                counters: new.counters
            )
            ports[new.port.export] = port
            new.handler.attach(port)
        }
        let leaving = remade + change.removals.compactMap { nodes.removeValue(forKey: $0) }
        for node in leaving { node.driver.drainBegan() }
        if !leaving.isEmpty || !oldPaths.isEmpty {
            retiring.append(
                Retirement(generation: change.generation, paths: oldPaths, nodes: leaving)
            )
        }
        forgetRetired()
    }

    /// Waits until no request that came before a commit by a path that it replaced is parked.
    ///
    /// - Returns: The oldest commit with such requests when the deadline (loop time, nanoseconds)
    ///   came first, or one before it that nobody waited for; nothing when there is none.
    func waitForRetirement(
        of generation: UInt64,
        until deadlineNanoseconds: UInt64
    ) async -> UInt64? {
        let paths = retiring.filter { $0.generation == generation }.flatMap(\.paths)
        _ = await idle(paths, until: deadlineNanoseconds)
        return oldestRetirement()
    }

    /// The oldest commit that took out what requests still hold; nothing when there is none.
    ///
    /// When there is one, the end of its last request will be told.
    func oldestRetirement() -> UInt64? {
        forgetRetired()
        lateWait?.cancel()
        lateWait = nil
        guard let oldest = retiring.first else { return nil }
        let busy = oldest.paths.map(\.path).filter { $0.parkedCount > 0 }
        let wait = IdleWait(loop: loop, paths: busy) { [answeredLate] _ in answeredLate() }
        wait.start()
        lateWait = wait
        return oldest.generation
    }

    /// Stops exports from taking requests; one step.
    func pause(_ exports: [String]) {
        let paused = exports.compactMap { ports[$0] }
        for port in paused { port.pause() }
        drainedNodes = reachable(from: paused.map(\.path))
        for node in drainedNodes { node.driver.drainBegan() }
    }

    /// Waits until what paused exports took is answered.
    ///
    /// - Returns: Exports that still have requests when the deadline comes; they stay paused.
    func drain(_ exports: [String], until deadlineNanoseconds: UInt64) async -> [String] {
        let drained = exports.compactMap { ports[$0] }
        var paths = drained.map { ExportPath(export: $0.exportName, path: $0.path) }
        // A path that was switched without a drain may still carry requests to the same nodes.
        let identities = Set(drainedNodes.map(\.identity))
        paths += retiring.flatMap(\.paths).filter { old in
            old.path.parkedCount > 0
                && reachable(from: [old.path]).contains { identities.contains($0.identity) }
        }
        if await idle(paths, until: deadlineNanoseconds) { return [] }
        return Set(paths.filter { $0.path.parkedCount > 0 }.map(\.export)).sorted()
    }

    /// Lets exports take requests again.
    func resume(_ exports: [String]) {
        for node in drainedNodes where nodes[node.identity] === node { node.driver.drainEnded() }
        drainedNodes = []
        for name in exports { ports[name]?.resume() }
    }

    /// Moves the loop's thread to a processor, or lets it run on any.
    ///
    /// - Returns: Whether the processor is there and may be used.
    func bind(toCPU cpu: Int?) -> Bool { ThreadAffinity.bindCurrentThread(toCPU: cpu) }

    /// Comes back when what the loop had to do before is done.
    func turn() {}

    /// Whether some views have the edges that they should have; `nil` for one that is not there.
    func has(_ wanted: GraphWiring.Views, viewCount: Int) -> Bool {
        nodes.count == viewCount
            && wanted.allSatisfy { identity, ends in
                nodes[identity].map(ends(of:)) == ends
            }
    }

    /// The graph of this loop, read back: views with the ends of their edges.
    var structure: [NodeIdentity: [LiveGraph.EdgeEnd]] {
        nodes.mapValues(ends)
    }

    private func ends(of node: Node) -> [LiveGraph.EdgeEnd] {
        node.edges.map { LiveGraph.EdgeEnd(name: $0.name, child: $0.targetIdentity) }
    }

    /// Adds a view.
    ///
    /// - Returns: The node's view that it takes the place of, if there is one.
    private func add(_ view: LoopChange.View) -> Node? {
        let edges = view.edges.map { Edge(name: $0.name, target: node($0.child)) }
        let driver = view.node.makeDriver(in: DriverContext(loop: loop, edges: edges))
        let added = Node(identity: view.identity, driver: driver, edges: edges)
        return nodes.updateValue(added, forKey: view.identity)
    }

    private func forgetRetired() {
        retiring.removeFirst(retiring.prefix(while: \.isOver).count)
    }

    private func makePath(_ port: LoopChange.Port, generation: UInt64) -> IOPath {
        IOPath(
            generation: generation,
            limits: port.limits,
            rights: port.rights,
            root: Edge(name: "root", target: node(port.root))
        )
    }

    private func node(_ identity: NodeIdentity) -> Node {
        guard let node = nodes[identity] else {
            preconditionFailure("loop \(loop.configuration.name) has no node \(identity.number)")
        }
        return node
    }

    private func edge(_ name: String, of parent: NodeIdentity) -> Edge {
        guard let edge = node(parent).edges.first(where: { $0.name == name }) else {
            preconditionFailure("node \(parent.number) has no edge \(name)")
        }
        return edge
    }

    private func reachable(from paths: [IOPath]) -> [Node] {
        var found: Set<ObjectIdentifier> = []
        var pending = paths.map(\.rootNode)
        var result: [Node] = []
        while let node = pending.popLast() {
            guard found.insert(ObjectIdentifier(node)).inserted else { continue }
            result.append(node)
            pending += node.edges.map(\.targetNode)
        }
        return result
    }

    private func idle(_ paths: [ExportPath], until deadlineNanoseconds: UInt64) async -> Bool {
        let busy = paths.map(\.path).filter { $0.parkedCount > 0 }
        guard !busy.isEmpty else { return true }
        return await withCheckedContinuation { continuation in
            let wait = IdleWait(loop: loop, paths: busy) { continuation.resume(returning: $0) }
            wait.start(deadlineNanoseconds: deadlineNanoseconds)
        }
    }
}
