internal import BlockGraph
internal import ControlAPI
internal import GraphModel
internal import Logging
internal import Reconciliation

// The first minute: what is served when what is wished cannot be had.
extension Reconciler {
    /// Most objects that may be left out before nothing is served.
    private static let leftOutMax = 10_000

    /// Serves the last committed graph at start, because the sources are bad or missing, or because
    /// a person had applied it above them; and when that cannot be had either, whatever of it can.
    func serveAtStart(becauseOf verdict: Verdict) async {
        guard graph.liveDescription.exports.isEmpty, graph.liveDescription.nodes.isEmpty else {
            return
        }
        let last = store.committed.map { (record: $0, desired: DesiredState(record: $0)) }
        if let last, last.desired.resolved == nil {
            logger.error(
                "last committed graph unusable",
                metadata: ["digest": "\(last.record.digest)"]
            )
        }
        // The same graph that has just failed is not tried again as it is.
        if let last, last.record.digest != verdict.triedDigest || !verdict.isHostFailure,
            await restore(last.record, last.desired)
        {
            return tellRestored(last.record, becauseOf: verdict)
        }
        guard let wished = verdict.isHostFailure ? memory.wishedAtStart : last?.desired else {
            return
        }
        await servePart(of: wished)
    }

    /// Says what was found damaged in the state directory; it stays said until a restart.
    func tellDamage() {
        for finding in store.findings {
            logger.error("state damaged", metadata: ["reason": "\(finding)"])
        }
        guard let finding = store.findings.first, !conditions[.degraded] else { return }
        set(.degraded, true, Self.stateDamaged, finding)
    }

    /// The reason why the daemon is degraded when its state could not be read whole.
    static let stateDamaged = "StateDamaged"

    private func tellRestored(_ record: GenerationRecord, becauseOf verdict: Verdict) {
        let isExpected = [Self.held, Self.confirmPending].contains(verdict.reason)
        guard verdict.exit != .done, !isExpected else { return }
        set(
            .degraded,
            true,
            "LastCommitted",
            "the files cannot be applied; generation \(record.generation), the last committed "
                + "one, is served"
        )
        logger.error(
            "serving the last committed graph",
            metadata: ["generation": "\(record.generation)", "why": "\(verdict.message)"]
        )
    }

    private func restore(_ record: GenerationRecord, _ desired: DesiredState) async -> Bool {
        guard let resolved = desired.resolved else { return false }
        do throws(GraphError) {
            try await switchAtStart(resolved, desired, record.generation, record.digest)
            standAbove(record)
            return true
        } catch {
            set(.degraded, true, "NothingServed", "\(error.object): \(error.reason)")
            logger.error(
                "the last committed graph cannot be served",
                metadata: ["object": "\(error.object)", "reason": "\(error.reason)"]
            )
            return false
        }
    }

    /// What a person had applied stands above the same files after a restart, too.
    func standAbove(_ record: GenerationRecord) {
        guard record.isByHand else { return }
        memory.sourceBelowHand = record.source
        memory.handReason = record.origin == .hand ? Self.byHand : Self.rolledBack
    }

    /// Leaves out what cannot be opened, and serves the rest; the whole is tried again later.
    private func servePart(of wished: DesiredState) async {
        var part = wished.description
        var down: [String: String] = [:]
        var leftOut: [String] = []
        for _ in 0..<Self.leftOutMax where !part.nodes.isEmpty {
            let resolved = ResolvedGraph(resolving: part)
            guard resolved.isLegal else { return }
            do throws(GraphError) {
                memory.isPartial = true
                memory.down = down
                try await switchAtStart(
                    resolved,
                    wished,
                    store.committed?.generation ?? 0,
                    part.digest
                )
                let sentence =
                    "\(down.count) of \(wished.description.exports.count) exports cannot be "
                    + "served: \(leftOut.joined(separator: ", ")); they are tried again by "
                    + "themselves"
                set(.degraded, true, "PartlyServed", sentence)
                logger.error("serving what can be served", metadata: ["reason": "\(sentence)"])
                return
            } catch {
                memory.isPartial = false
                let reason = "\(error.object): \(error.reason)"
                guard let lost = part.removing(error.object) else {
                    set(.degraded, true, "NothingServed", reason)
                    return
                }
                for export in lost { down[export] = reason }
                leftOut.append(error.object)
            }
        }
        memory.down = down
        set(.degraded, true, "NothingServed", leftOut.joined(separator: ", "))
    }

    private func switchAtStart(
        _ resolved: ResolvedGraph,
        _ desired: DesiredState,
        _ generation: UInt64,
        _ digest: String
    ) async throws(GraphError) {
        let plan = Plan(live: graph.liveGraph, desired: resolved)
        let change = GraphChange(
            desired: resolved,
            plan: plan,
            generation: generation,
            digest: digest,
            baseDirectory: desired.baseDirectory,
            drainTimeoutNanoseconds: drainTimeoutNanoseconds
        )
        var stages = ApplyStages()
        stages.beforeCommit = { () async throws(GraphError) in
            await self.noteStarted(generation, digest)
        }
        stages.committed = { self.publishSealed() }
        _ = try await graph.apply(change, stages: stages)
    }

    private func noteStarted(_ generation: UInt64, _ digest: String) {
        memory.generation = generation
        memory.liveDigest = digest
        memory.liveSinceUnixSeconds = clock.unixSeconds()
        keepForPublication()
    }
}

extension GraphDescription {
    /// Takes an object out, and everything that cannot be without it.
    ///
    /// - Parameter object: The object, such as `node/a`.
    /// - Returns: Exports that went; `nil` when there is no such object.
    fileprivate mutating func removing(_ object: String) -> [String]? {
        guard let (kind, name) = ObjectKind.split(object) else { return nil }
        switch kind {
        case .export:
            guard exports.removeValue(forKey: name) != nil else { return nil }
            return [name]
        case .listener:
            guard listeners.removeValue(forKey: name) != nil else { return nil }
            return removeExports { $0.listener == name }
        case .ioThread, .throttleGroup: return nil
        case .node:
            guard nodes[name] != nil else { return nil }
            let gone = parents(of: name)
            for node in gone { nodes[node] = nil }
            return removeExports { gone.contains($0.node) }
        }
    }

    private mutating func removeExports(_ isGone: (ExportDescription) -> Bool) -> [String] {
        let gone = exports.values.filter(isGone).map(\.name).sorted()
        for export in gone { exports[export] = nil }
        return gone
    }

    /// A node with everything above it.
    private func parents(of name: String) -> Set<String> {
        var gone: Set<String> = [name]
        var count = 0
        while count < gone.count {
            count = gone.count
            for node in nodes.values where node.children.contains(where: { gone.contains($0.node) })
            {
                gone.insert(node.name)
            }
        }
        return gone
    }
}
