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
        if transition.desired.description == resolved.description,
            transition.replacedNodes.isEmpty, lingering.isEmpty
        {
            return unchangedReceipt
        }
        let transaction = GraphTransaction(graph: self, transition: transition)
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
        let fault = await verify()
        let warnings = await transaction.retire(stopping: idleThreads)
        if let fault { throw fault }
        return transaction.receipt(warnings: warnings)
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

    /// Reads the graph back from its loops and compares it with what it should be.
    private func verify(isolation: isolated (any Actor)? = #isolation) async -> GraphError? {
        for (name, thread) in threads {
            let found = await thread.structure
            let wanted = views[name] ?? [:]
            guard found != wanted else { continue }
            return GraphError(
                code: .verifyFailed,
                object: "iothread/\(name)",
                reason: "after the commit thread \(name) has \(found.count) nodes wired otherwise "
                    + "than the \(wanted.count) that were planned; please report this"
            )
        }
        return nil
    }

    /// Removes everything, so that the last state is on disk and every file is closed.
    package func removeAll(
        drainTimeoutNanoseconds: UInt64,
        isolation: isolated (any Actor)? = #isolation
    ) async throws(GraphError) -> Receipt {
        try await apply(
            GraphTransition(
                desired: .empty,
                drainedExports: Set(exports.keys),
                baseDirectory: "/",
                drainTimeoutNanoseconds: drainTimeoutNanoseconds
            )
        )
    }
}
