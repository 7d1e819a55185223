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
    private var retiring: [Retirement] = []

    /// What a commit took out of the graph, while requests of before may still hold it.
    private struct Retirement {
        let generation: UInt64
        let paths: [IOPath]
        let nodes: [Node]

        var isOver: Bool { paths.allSatisfy { $0.parkedCount == 0 } }
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        loop.asUnownedSerialExecutor()
    }

    /// An empty part of a graph.
    package init(loop: EventLoop) { self.loop = loop }

    /// Makes a commit's change; one step, cannot fail.
    func commit(_ change: LoopChange) {
        for view in change.views { add(view) }
        for retarget in change.retargets {
            edge(retarget.edge, of: retarget.parent).retarget(node(retarget.child))
        }
        for identity in change.changedOptions { nodes[identity]?.driver.optionsChanged() }
        var oldPaths: [IOPath] = []
        for port in change.switchedPorts {
            guard let live = ports[port.export] else { preconditionFailure("no port \(port)") }
            oldPaths.append(live.path)
            live.switchPath(makePath(port, generation: change.generation))
        }
        for leaving in change.leavingPorts {
            guard let port = ports.removeValue(forKey: leaving.export) else { continue }
            oldPaths.append(port.path)
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
        let leaving = change.removals.compactMap { nodes.removeValue(forKey: $0) }
        for node in leaving { node.driver.drainBegan() }
        if !leaving.isEmpty || !oldPaths.isEmpty {
            retiring.append(
                Retirement(generation: change.generation, paths: oldPaths, nodes: leaving)
            )
        }
        retiring.removeAll(where: \.isOver)
    }

    /// Waits until no request of before a commit is parked any more, so that what it took out can
    /// be closed.
    ///
    /// - Returns: `false` when the deadline (loop time, nanoseconds) came first.
    func waitForRetirement(of generation: UInt64, until deadlineNanoseconds: UInt64) async -> Bool {
        let paths = retiring.filter { $0.generation <= generation }.flatMap(\.paths)
        let isIdle = await idle(paths, until: deadlineNanoseconds)
        retiring.removeAll(where: \.isOver)
        return isIdle
    }

    /// Stops exports from taking requests and waits until what they took is answered.
    ///
    /// - Returns: Exports that still have requests when the deadline comes; they stay paused.
    func drain(_ exports: [String], until deadlineNanoseconds: UInt64) async -> [String] {
        let drained = exports.compactMap { ports[$0] }
        for port in drained { port.pause() }
        for node in reachable(from: drained) { node.driver.drainBegan() }
        // A path that was switched without a drain may still carry requests to the same nodes.
        let older = retiring.flatMap(\.paths)
        if await idle(drained.map(\.path) + older, until: deadlineNanoseconds) { return [] }
        return drained.filter { $0.path.parkedCount > 0 }.map(\.exportName)
    }

    /// Lets exports take requests again.
    func resume(_ exports: [String]) {
        for node in nodes.values { node.driver.drainEnded() }
        for name in exports { ports[name]?.resume() }
    }

    /// The graph of this loop, read back: views with the ends of their edges.
    var structure: [NodeIdentity: [LiveGraph.EdgeEnd]] {
        nodes.mapValues { node in
            node.edges.map { LiveGraph.EdgeEnd(name: $0.name, child: $0.targetIdentity) }
        }
    }

    /// Nodes and ports on this loop, for tests and reports.
    var counts: (nodes: Int, ports: Int, retiring: Int) {
        (nodes.count, ports.count, retiring.count)
    }

    private func add(_ view: LoopChange.View) {
        let edges = view.edges.map { Edge(name: $0.name, target: node($0.child)) }
        let driver = view.node.makeDriver(in: DriverContext(loop: loop, edges: edges))
        nodes[view.identity] = Node(identity: view.identity, driver: driver, edges: edges)
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

    private func reachable(from ports: [ExportPort]) -> [Node] {
        var found: Set<NodeIdentity> = []
        var pending = ports.map { $0.path.rootIdentity }
        var result: [Node] = []
        while let identity = pending.popLast() {
            guard found.insert(identity).inserted, let node = nodes[identity] else { continue }
            result.append(node)
            pending += node.edges.map(\.targetIdentity)
        }
        return result
    }

    private func idle(_ paths: [IOPath], until deadlineNanoseconds: UInt64) async -> Bool {
        let busy = paths.filter { $0.parkedCount > 0 }
        guard !busy.isEmpty else { return true }
        return await withCheckedContinuation { continuation in
            let wait = IdleWait(loop: loop, count: busy.count, continuation: continuation)
            for path in busy { path.notifyWhenIdle { wait.pathBecameIdle() } }
            wait.start(deadlineNanoseconds: deadlineNanoseconds)
        }
    }
}
