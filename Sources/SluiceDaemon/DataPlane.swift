package import BlockGraph
import BlockDrivers
import BlockExports
package import GraphModel
package import Logging
package import Reconciliation
import RingLoop

/// The live graph's owner: applies plans, one at a time, and publishes what is live.
///
/// An actor on a thread of its own, which may wait for files and servers; loops never wait for it,
/// and ``snapshot`` is read without it.
package actor DataPlane {
    private let control: EventLoop
    private let defaultLoop: EventLoop
    private let services: [any ExportService]
    private let graph: LiveGraph
    private let logger: Logger
    private let published: Locked<GraphSnapshot>

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        control.asUnownedSerialExecutor()
    }

    /// Starts the control thread and the default I/O thread.
    ///
    /// - Throws: ``GraphError`` when this kernel has no usable io_uring.
    package init(logger: Logger) throws(GraphError) {
        self.logger = logger
        control = try Self.startLoop("sluice-control")
        defaultLoop = try Self.startLoop(LiveGraph.defaultThread)
        let groups = ThrottleGroups()
        services = [NBDService(loop: defaultLoop)]
        graph = LiveGraph(
            kinds: DriverCatalog.kinds(throttleGroups: groups),
            participants: [groups],
            services: services,
            defaultLoop: defaultLoop
        )
        published = Locked(graph.snapshot)
    }

    /// What is live, as of the last commit; never waits.
    package nonisolated var snapshot: GraphSnapshot { published.withLock { $0 } }

    /// Makes the live graph what a plan says, wholly or not at all.
    ///
    /// - Parameters:
    ///   - change: The plan and its graph.
    ///   - beforeDrain: Runs when everything is prepared and checked, and before any export is
    ///     paused; what it throws aborts with everything restored. The intent is made durable here.
    /// - Returns: What clients noticed.
    /// - Throws: ``GraphError``; everything is then as before.
    package func apply(
        _ change: GraphChange,
        beforeDrain: @Sendable () async throws(GraphError) -> Void = {}
    ) async throws(GraphError) -> Receipt {
        defer {
            let snapshot = graph.snapshot
            published.withLock { $0 = snapshot }
        }
        let receipt = try await graph.apply(change.transition, beforeDrain: beforeDrain)
        for warning in receipt.warnings {
            logger.warning(
                "not closed properly",
                metadata: [
                    "reason": "\(warning)", "generation": "\(receipt.generation)",
                ]
            )
        }
        return receipt
    }

    /// Finishes requests, flushes and closes everything, and ends the threads.
    ///
    /// Nothing of this object may be called afterwards.
    package func close(drainTimeoutNanoseconds: UInt64) async {
        for service in services { service.stopListening() }
        do throws(GraphError) {
            let receipt = try await graph.removeAll(
                drainTimeoutNanoseconds: drainTimeoutNanoseconds
            )
            for warning in receipt.warnings {
                logger.warning("not closed properly", metadata: ["reason": "\(warning)"])
            }
        } catch {
            logger.error("requests were cut off", metadata: ["reason": "\(error.reason)"])
        }
        let snapshot = graph.snapshot
        published.withLock { $0 = snapshot }
        defaultLoop.stop()
        defaultLoop.join()
    }

    private static func startLoop(_ name: String) throws(GraphError) -> EventLoop {
        do throws(SystemError) {
            let loop = try EventLoop(configuration: EventLoopConfiguration(name: name))
            try loop.start()
            return loop
        } catch {
            throw GraphError(
                code: .openFailed,
                object: "iothread/\(name)",
                reason: error.sentence
            )
        }
    }
}

/// A plan to be applied, with the graph that it leads to.
package struct GraphChange: Sendable {
    let transition: GraphTransition

    /// A change.
    ///
    /// - Parameters:
    ///   - desired: The graph that is wished, with its masks.
    ///   - plan: The plan from the live graph to it.
    ///   - baseDirectory: Directory that relative file names start from.
    ///   - drainTimeoutNanoseconds: Longest time for a drain.
    package init(
        desired: ResolvedGraph,
        plan: Plan,
        baseDirectory: String,
        drainTimeoutNanoseconds: UInt64 = 5_000_000_000
    ) {
        transition = GraphTransition(
            desired: desired,
            replacedNodes: plan.replacedNodes,
            formerNames: plan.formerNames,
            drainedExports: plan.drainedExports,
            baseDirectory: baseDirectory,
            drainTimeoutNanoseconds: drainTimeoutNanoseconds
        )
    }
}
