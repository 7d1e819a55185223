import BlockDrivers
import BlockExports
package import BlockGraph
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
    private let published: Locked<PublishedGraph>
    private let answersLate: AsyncStream<Void>

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        control.asUnownedSerialExecutor()
    }

    /// Starts the control thread and the default I/O thread.
    ///
    /// - Throws: ``GraphError`` when this kernel has no usable io_uring.
    package init(logger: Logger) throws(GraphError) {
        self.logger = logger
        control = try Self.startLoop(EventLoopConfiguration(name: "sluice-control"))
        defaultLoop = try Self.startLoop(
            EventLoopConfiguration(name: LiveGraph.defaultThread, isPrompt: true)
        )
        let groups = ThrottleGroups()
        let (answersLate, answerLate) = AsyncStream.makeStream(
            of: Void.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        self.answersLate = answersLate
        services = [NBDService(loop: defaultLoop)]
        graph = LiveGraph(
            kinds: DriverCatalog.kinds(throttleGroups: groups),
            participants: [groups],
            services: services,
            defaultLoop: defaultLoop,
            answeredLate: { answerLate.yield() }
        )
        published = Locked(PublishedGraph(snapshot: graph.snapshot))
    }

    /// What is live and what it is called, as of the last commit; never waits.
    package nonisolated var live: PublishedGraph { published.withLock { $0 } }

    /// What is live, as of the last commit; never waits.
    package nonisolated var snapshot: GraphSnapshot { live.snapshot }

    /// Says what the live graph is called, when nothing of it changes.
    package nonisolated func name(generation: UInt64, digest: String) {
        published.withLock { live in
            live.generation = generation
            live.digest = digest
        }
    }

    /// Makes the live graph what a plan says, wholly or not at all.
    ///
    /// - Parameters:
    ///   - change: The plan and its graph.
    ///   - stages: What the caller does on the way.
    /// - Returns: What clients noticed.
    /// - Throws: ``GraphError``; everything is then as before.
    package func apply(
        _ change: GraphChange,
        stages: ApplyStages = ApplyStages()
    ) async throws(GraphError) -> Receipt {
        let published = published
        // What was live goes when nobody waits for what comes.
        let previous = live
        defer { withExtendedLifetime(previous) {} }
        let receipt = try await graph.apply(
            change.transition,
            beforeDrain: stages.beforeDrain,
            beforeCommit: stages.beforeCommit,
            publish: { snapshot in
                let live = PublishedGraph(
                    snapshot: snapshot,
                    generation: change.generation,
                    digest: change.digest
                )
                published.withLock { $0 = live }
                stages.committed()
            }
        )
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

    /// Closes nodes that left the graph while requests held them, whenever these are answered;
    /// until the task is cancelled.
    package func closeWhatLingers() async {
        for await _ in answersLate {
            for warning in await graph.closeLingering() {
                logger.warning("not closed properly", metadata: ["reason": "\(warning)"])
            }
        }
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
        published.withLock { $0 = PublishedGraph(snapshot: snapshot) }
        defaultLoop.stop()
        defaultLoop.join()
    }

    private static func startLoop(
        _ configuration: EventLoopConfiguration
    ) throws(GraphError) -> EventLoop {
        do throws(SystemError) {
            let loop = try EventLoop(configuration: configuration)
            try loop.start()
            return loop
        } catch {
            throw GraphError(
                code: .openFailed,
                object: "iothread/\(configuration.name)",
                reason: error.sentence
            )
        }
    }
}

/// The live graph with what it is called, published as one.
package struct PublishedGraph: Sendable {
    /// The graph.
    package var snapshot: GraphSnapshot
    /// Its generation; 0 before the first.
    package var generation: UInt64 = 0
    /// Digest of its normalised configuration; empty before the first.
    package var digest = ""
}

/// What a caller of an apply does on the way.
package struct ApplyStages: Sendable {
    /// Everything is prepared and checked, and no export is paused: the intent is made durable here.
    ///
    /// What it throws aborts with everything restored.
    package var beforeDrain: @Sendable () async throws(GraphError) -> Void = {}
    /// Everything is drained, and what it throws aborts: the commit is made durable here.
    package var beforeCommit: @Sendable () async throws(GraphError) -> Void = {}
    /// The graph is switched and published, and new listeners take no client yet.
    package var committed: @Sendable () -> Void = {}

    /// Nothing is done on the way.
    package init() {}
}

/// A plan to be applied, with the graph that it leads to.
package struct GraphChange: Sendable {
    let transition: GraphTransition
    let generation: UInt64
    let digest: String

    /// A change.
    ///
    /// - Parameters:
    ///   - desired: The graph that is wished, with its masks.
    ///   - plan: The plan from the live graph to it.
    ///   - generation: Its number, when it is live.
    ///   - digest: Digest of its normalised configuration.
    ///   - baseDirectory: Directory that relative file names start from.
    ///   - drainTimeoutNanoseconds: Longest time for a drain.
    package init(
        desired: ResolvedGraph,
        plan: Plan,
        generation: UInt64,
        digest: String,
        baseDirectory: String,
        drainTimeoutNanoseconds: UInt64 = 5_000_000_000
    ) {
        self.generation = generation
        self.digest = digest
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
