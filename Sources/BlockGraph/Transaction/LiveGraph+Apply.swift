import GraphModel
import RingLoop

extension LiveGraph {
    /// Makes the live graph another one, wholly or not at all.
    ///
    /// - Parameters:
    ///   - transition: The graph to become.
    ///   - beforeDrain: Called when everything is prepared and checked; what it throws aborts the
    ///     transaction. The intent is made durable here, while no client waits for it.
    ///   - beforeCommit: Called when everything is drained, too; what it throws aborts.
    ///   - publish: Called right after the switch with what is live, before new listeners take
    ///     their first client.
    ///   - isolation: The actor that owns this graph.
    /// - Returns: What clients noticed.
    /// - Throws: ``GraphError``; graph, masks, locks, files and clients are then as before.
    package func apply(
        _ transition: GraphTransition,
        beforeDrain: @Sendable () async throws(GraphError) -> Void = {},
        beforeCommit: @Sendable () async throws(GraphError) -> Void = {},
        publish: @Sendable (GraphSnapshot) -> Void = { _ in },
        isolation: isolated (any Actor)? = #isolation
    ) async throws(GraphError) -> Receipt {
        stuckAccess.removeAll { $0.sweep() }
        let transaction = GraphTransaction(graph: self, transition: transition)
        if transaction.isEmpty, lingering.isEmpty { return unchangedReceipt }
        isChanging = true
        defer {
            isChanging = false
            // Requests may have been answered while nothing could be closed.
            if !lingering.isEmpty { answeredLate() }
        }
        defer { if !transaction.accessLoop.sweep() { stuckAccess.append(transaction.accessLoop) } }
        do throws(GraphError) {
            try transaction.prepare()
            try await beforeDrain()
            try await transaction.drain()
            try transaction.settle()
            try await beforeCommit()
        } catch {
            await transaction.abort()
            throw error
        }
        let idleThreads = await transaction.commit()
        publish(snapshot)
        for service in services.values { service.openListeners() }
        let fault = await verify(transaction.changedViews)
        let warnings = await transaction.retire(stopping: idleThreads)
        if let fault { throw fault }
        await transaction.waitForHeld()
        return transaction.receipt(warnings: warnings)
    }

    /// Closes nodes that left the graph while requests held them, as soon as these are answered.
    ///
    /// It waits for no request, and leaves everything to a transaction that is at work.
    ///
    /// - Parameter isolation: The actor that owns this graph.
    /// - Returns: Sentences about what could not be closed properly.
    package func closeLingering(
        isolation: isolated (any Actor)? = #isolation
    ) async -> [String] {
        var oldestBusy = UInt64.max
        for loop in Array(threads.values) {
            // A transaction that began meanwhile may end a thread, which then answers no more.
            guard !isChanging, !lingering.isEmpty else { return [] }
            oldestBusy = min(oldestBusy, await loop.oldestRetirement() ?? .max)
        }
        return isChanging ? [] : closeLingering(before: oldestBusy)
    }

    /// Closes what left the graph before a generation.
    ///
    /// - Returns: Sentences about what could not be closed properly.
    func closeLingering(before generation: UInt64) -> [String] {
        // The newest first and parents first: a parent's close may still write to its children.
        let closing = lingering.filter { $0.generation < generation }
        lingering.removeAll { $0.generation < generation }
        return closing.reversed().compactMap { $0.record.node.close() }
    }

    /// What clients notice of nothing.
    private var unchangedReceipt: Receipt {
        let exports = exports.keys.sorted().map {
            Receipt.Export(
                name: $0,
                completed: 0,
                failed: 0,
                held: 0,
                longestHeldNanoseconds: 0,
                pauseNanoseconds: 0
            )
        }
        return Receipt(generation: generation, exports: exports, warnings: [])
    }

    /// Reads what was changed back from the loops and compares it with what it should be.
    ///
    /// Not the whole graph: a loop serves its clients while it answers.
    private func verify(
        _ changed: [String: GraphWiring.Views],
        isolation: isolated (any Actor)? = #isolation
    ) async -> GraphError? {
        for (name, thread) in threads {
            let wanted = changed[name] ?? [:]
            guard await !thread.has(wanted, viewCount: views[name]?.count ?? 0) else { continue }
            return GraphError(
                code: .verifyFailed,
                object: "iothread/\(name)",
                reason: "after the commit the \(wanted.count) nodes that changed on thread \(name) "
                    + "are wired otherwise than planned; please report this"
            )
        }
        return nil
    }

    /// Removes everything, so that the last state is on disk and every file is closed.
    package func removeAll(
        drainTimeoutNanoseconds: UInt64,
        settleTimeoutNanoseconds: UInt64 = GraphTransition.settleNanoseconds,
        isolation: isolated (any Actor)? = #isolation
    ) async throws(GraphError) -> Receipt {
        try await apply(
            GraphTransition(
                desired: .empty,
                drainedExports: Set(exports.keys),
                baseDirectory: "/",
                drainTimeoutNanoseconds: drainTimeoutNanoseconds,
                settleTimeoutNanoseconds: settleTimeoutNanoseconds
            )
        )
    }
}
