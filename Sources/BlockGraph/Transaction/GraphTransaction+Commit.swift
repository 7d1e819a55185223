import GraphModel
import RingLoop

// The switch, and what comes after it.
extension GraphTransaction {
    /// Switches to the wished graph; cannot fail.
    ///
    /// - Returns: Threads that nothing uses any more, to be stopped when requests have left them.
    func commit() async -> [GraphLoop] {
        graph.generation += 1
        graph.threads.merge(startedThreads) { live, _ in live }
        let wiring = GraphWiring(self)
        var loopChanges: [String: LoopChange] = [:]
        for thread in graph.threads.keys {
            (loopChanges[thread], changedViews[thread]) = wiring.change(
                of: thread,
                from: graph.views[thread] ?? [:],
                generation: graph.generation
            )
        }
        let services = addPorts(to: &loopChanges, wiring: wiring)
        moving = services.filter { name, service in
            graph.exports[name].map { $0.threads != service.threads } ?? false
        }.mapValues(\.threads)
        let attaching = services.filter { graph.exports[$0]?.threads != $1.threads }
        for service in attaching.values {
            service.handler.moveBegan(portCount: service.threads.count)
        }
        for change in changes { change.commit() }
        for (thread, cpu) in rebound { _ = await thread.bind(toCPU: cpu) }
        await switchLoops(loopChanges)
        for service in attaching.values { service.handler.moveEnded() }
        for record in leaving { graph.lingering.append((graph.generation, record)) }
        note(services)
        await waitForMoves()
        let gone = graph.threads.keys.filter {
            $0 != LiveGraph.defaultThread && desired.ioThreads[$0] == nil
        }
        for thread in gone { graph.views[thread] = nil }
        return gone.compactMap { graph.threads.removeValue(forKey: $0) }
    }

    /// Writes down what is live now.
    private func note(_ services: [String: GraphSnapshot.ExportState]) {
        graph.resolved = transition.desired
        for (thread, views) in changedViews {
            for (identity, ends) in views { graph.views[thread, default: [:]][identity] = ends }
        }
        for name in affected.formerNodes {
            graph.records[name] = nil
            graph.states[name] = nil
        }
        for name in affected.nodes {
            guard let record = coming[name]?.record else { continue }
            graph.records[name] = record
            graph.states[name] = GraphSnapshot.NodeState(
                limits: record.limits,
                threads: transition.desired.placement.servingThreads(of: name),
                growing: graph.growing(below: record),
                node: record.node
            )
        }
        for name in affected.goneExports { graph.exports[name] = nil }
        graph.exports.merge(services) { _, new in new }
    }

    /// Switches one loop after the other; what was drained goes on where it is switched, because
    /// whatever of it is on loops that come later still waits there.
    private func switchLoops(_ loopChanges: [String: LoopChange]) async {
        for (thread, change) in loopChanges.sorted(by: { $0.key < $1.key }) {
            let resumed = drained[thread] ?? []
            guard !change.isEmpty || !resumed.isEmpty else { continue }
            await graph.threads[thread]?.commit(change, resuming: resumed)
        }
        if !drained.isEmpty { pauseNanoseconds = MonotonicClock.now - drainStartNanoseconds }
    }

    /// Adds the ways of affected exports, in the order of names, so that a run can be repeated.
    ///
    /// - Returns: What becomes of the exports.
    private func addPorts(
        to loopChanges: inout [String: LoopChange],
        wiring: GraphWiring
    ) -> [String: GraphSnapshot.ExportState] {
        var services: [String: GraphSnapshot.ExportState] = [:]
        for name in exportsThatMove {
            guard let service = graph.exports[name] else { continue }
            let staying = desired.exports[name]?.servingThreads ?? []
            for thread in service.threads where !staying.contains(thread) {
                loopChanges[thread]?.leavingPorts.append(
                    LoopChange.LeavingPort(export: name, handler: service.handler)
                )
            }
        }
        let moved = loopChanges.mapValues { Set($0.retargets.map(\.parent)).union(touched) }
        for name in affected.exports {
            guard let export = desired.exports[name], let prepared = preparedExports[export.type]
            else { continue }
            let port = wiring.port(of: export)
            let live = graph.exports[name]
            let service = GraphSnapshot.ExportState(
                handler: prepared.handler(for: name),
                tally: (live?.tally ?? ExportTally()).moved(to: export.servingThreads),
                threads: export.servingThreads
            )
            services[name] = service
            for thread in service.threads {
                if live?.threads.contains(thread) != true {
                    loopChanges[thread]?.newPorts.append(
                        LoopChange.NewPort(
                            port: port,
                            handler: service.handler,
                            counters: service.tally.counters(of: thread)
                        )
                    )
                } else if isOther(export, moved[thread] ?? [], wiring) {
                    loopChanges[thread]?.switchedPorts.append(port)
                }
            }
        }
        return services
    }

    /// Waits until the clients of exports that went to other threads are served there.
    private func waitForMoves() async {
        guard !moving.isEmpty else { return }
        for (name, threads) in moving.sorted(by: { $0.key < $1.key }) {
            await graph.exports[name]?.handler.waitForHandover()
            // What came with them is counted there.
            for thread in threads { await graph.threads[thread]?.turn() }
        }
        movePauseNanoseconds = MonotonicClock.now - drainStartNanoseconds
    }

    /// Whether the way from an export into the graph is not what it was.
    private func isOther(
        _ export: ExportDescription,
        _ moved: Set<NodeIdentity>,
        _ wiring: GraphWiring
    ) -> Bool {
        guard let old = graph.resolved.description.exports[export.name],
            let oldRoot = graph.records[old.node]?.identity
        else { return true }
        if oldRoot != record(export.node)?.identity || old.isWritable != export.isWritable {
            return true
        }
        return !moved.isDisjoint(with: wiring.reachable(from: export.node))
    }

    /// Waits until the last requests of the old graph are answered, then closes what left it.
    ///
    /// - Returns: Sentences about what could not be closed properly.
    func retire(stopping threads: [GraphLoop]) async -> [String] {
        let isWaitedFor = !leaving.isEmpty || !threads.isEmpty
        let deadline =
            isWaitedFor ? MonotonicClock.now + transition.drainTimeoutNanoseconds : 0
        var oldestBusy = UInt64.max
        for loop in Array(graph.threads.values) + threads
        where isWaitedFor || !graph.lingering.isEmpty {
            let busy = await loop.waitForRetirement(of: graph.generation, until: deadline)
            oldestBusy = min(oldestBusy, busy ?? .max)
        }
        var warnings = graph.closeLingering(before: oldestBusy)
        if !graph.lingering.isEmpty {
            warnings.append(
                "\(graph.lingering.count) nodes that left the graph still hold requests; they are "
                    + "closed when these are answered"
            )
        }
        if !threads.isEmpty {
            for name in moving.keys.sorted() {
                await graph.exports[name]?.handler.waitForFarewells()
            }
        }
        for thread in threads {
            thread.loop.stop()
            thread.loop.join()
        }
        return warnings
    }

    private func pause(of export: String) -> UInt64 {
        if moving[export] != nil { return movePauseNanoseconds }
        return drained.values.joined().contains(export) ? pauseNanoseconds : 0
    }

    /// Waits until what the switch held is answered, so that the receipt can count it.
    ///
    /// Requests go on where their loop is switched, but an answer may need another turn of the
    /// kernel. It does not wait for a slow disk: a receipt says what is so when it is written.
    func waitForHeld() async {
        for _ in 0..<LiveGraph.heldTurnsMax {
            let isAnswered = graph.exports.allSatisfy { name, service in
                guard let before = totalsBefore[name] else { return true }
                let after = service.tally.totals
                return after.held - before.held <= after.completed - before.completed
            }
            if isAnswered { return }
            for thread in graph.threads.values { await thread.turn() }
        }
    }

    /// What clients noticed.
    func receipt(warnings: [String]) -> Receipt {
        let exports = graph.exports.sorted { $0.key < $1.key }.compactMap {
            name,
            service -> Receipt.Export? in
            guard let before = totalsBefore[name] else { return nil }
            let after = service.tally.totals
            return Receipt.Export(
                name: name,
                completed: after.completed - before.completed,
                failed: after.failed - before.failed,
                held: after.held - before.held,
                longestHeldNanoseconds: after.held > before.held
                    ? service.tally.longestHeldOfLastPause : 0,
                pauseNanoseconds: pause(of: name)
            )
        }
        return Receipt(generation: graph.generation, exports: exports, warnings: warnings)
    }
}
