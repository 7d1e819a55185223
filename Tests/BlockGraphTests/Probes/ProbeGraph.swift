import GraphModel
import RingLoop
import Synchronization
import Testing

@testable import BlockGraph

/// A live graph of probe nodes on a real loop, owned by an actor as in the daemon.
actor ProbeGraph {
    let log = ProbeLog()
    let switches = ProbeSwitches()
    let service: ProbeService
    let loop: EventLoop
    private let graph: LiveGraph

    init() throws {
        loop = try EventLoop(configuration: EventLoopConfiguration(name: "probe"))
        try loop.start()
        service = ProbeService(log: log, switches: switches)
        graph = LiveGraph(
            kinds: [
                "null-co", "raw", "throttle", "qcow2", "quorum", "blkdebug", "copy-before-write",
            ].map { [log, switches] in
                ProbeKind(name: $0, log: log, switches: switches)
            },
            participants: [],
            services: [service],
            defaultLoop: loop
        )
    }

    deinit {
        loop.stop()
        loop.join()
    }

    /// Applies a graph; drains what is named.
    @discardableResult
    func apply(
        _ description: GraphDescription,
        draining: Set<String> = [],
        replacing: Set<String> = [],
        timeoutMilliseconds: UInt64 = 5_000,
        beforeCommit: @Sendable () async throws(GraphError) -> Void = {}
    ) async throws(GraphError) -> Receipt {
        try await graph.apply(
            GraphTransition(
                desired: ResolvedGraph(resolving: description),
                replacedNodes: replacing,
                drainedExports: draining,
                baseDirectory: "/",
                drainTimeoutNanoseconds: timeoutMilliseconds * 1_000_000
            ),
            beforeCommit: beforeCommit
        )
    }

    /// Why a graph is refused; nothing when it was applied.
    func refusal(
        _ description: GraphDescription,
        draining: Set<String> = [],
        timeoutMilliseconds: UInt64 = 5_000,
        beforeCommit: @Sendable () async throws(GraphError) -> Void = {}
    ) async -> GraphError.Code? {
        do throws(GraphError) {
            try await apply(
                description,
                draining: draining,
                timeoutMilliseconds: timeoutMilliseconds,
                beforeCommit: beforeCommit
            )
            return nil
        } catch {
            return error.code
        }
    }

    /// The description and the wiring as the loop has it.
    func state() async -> String {
        let snapshot = graph.snapshot
        let structure = await graph.threads["default"]?.structure ?? [:]
        let wiring = structure.sorted { $0.key.number < $1.key.number }.map {
            "\($0.key.number):\($0.value.map { "\($0.name)=\($0.child.number)" })"
        }
        return "\(snapshot.resolved.description.nodes.keys.sorted()) \(wiring) "
            + "\(snapshot.generation) \(snapshot.exports.keys.sorted())"
    }

    /// Answers what nodes hold: their options are "changed" once more.
    func letGo() async throws {
        switches.holding.withLock { $0 = [] }
        var description = graph.snapshot.resolved.description
        for name in description.nodes.keys {
            description.nodes[name]?.options["note"] = .integer(Int64(log.all.count))
        }
        try await apply(description)
    }

    /// Sends requests through an export, on its loop, and returns when they were submitted.
    func send(_ count: Int, to export: String) async {
        guard let handler = service.handler(export), let home = handler.loop.withLock({ $0 })
        else { return }
        await withCheckedContinuation { continuation in
            home.post {
                for _ in 0..<count { handler.send(.read) }
                continuation.resume()
            }
        }
    }

    /// Threads that the graph has.
    var threads: [String] { graph.threads.keys.sorted() }

    /// The published state.
    var snapshot: GraphSnapshot { graph.snapshot }
}

/// Descriptions of small graphs.
enum ProbeGraphs {
    /// `names` from child to parent: the first is `null-co`, the others `throttle`; export `e` of
    /// the last.
    static func chain(_ names: [String], exported: Bool = true) -> GraphDescription {
        var graph = GraphDescription()
        var child: String?
        for name in names {
            graph.nodes[name] = NodeDescription(
                name: name,
                driver: child == nil ? "null-co" : "throttle",
                children: child.map { [ChildReference(edge: "file", node: $0)] } ?? []
            )
            child = name
        }
        if exported, let child { graph.exports["e"] = export("e", of: child) }
        return graph
    }

    /// An export of a node.
    static func export(_ name: String, of node: String) -> ExportDescription {
        ExportDescription(name: name, type: "nbd", node: node, listener: "l", options: Options())
    }
}
