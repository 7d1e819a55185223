import BlockDrivers
import BlockExports
import GraphModel
import Reconciliation
import RingLoop
import Testing

@testable import BlockGraph

/// What became of a configuration.
enum Outcome: Sendable {
    case applied(Receipt)
    /// Not one line of it, because of its documents, its plan, or the engine.
    case refused(code: String, reason: String)

    var receipt: Receipt? { if case .applied(let receipt) = self { receipt } else { nil } }
    var isApplied: Bool { receipt != nil }
    var code: String? { if case .refused(let code, _) = self { code } else { nil } }
    var reason: String? { if case .refused(_, let reason) = self { reason } else { nil } }
}

/// A live graph of the drivers of the product over a directory of its own, served over NBD, and
/// changed by documents in the way of the daemon.
actor Workshop {
    /// From what is live to a configuration, planned.
    struct Way: Sendable {
        let desired: ResolvedGraph
        let plan: Plan
    }

    nonisolated let directory: TemporaryDirectory
    nonisolated let faults = Faults()
    nonisolated let standIns: StandIns
    private nonisolated let control: EventLoop
    private nonisolated let loop: EventLoop
    let graph: LiveGraph
    private let answersLate: AsyncStream<Void>

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        control.asUnownedSerialExecutor()
    }

    /// A workshop.
    ///
    /// - Parameters:
    ///   - names: Drivers that ``standIns`` stand in for.
    ///   - standIns: What stands in, and what makes requests of real drivers wait.
    /// - Throws: What the system says when there is no directory or no thread.
    private init(standsIn names: Set<String>, _ standIns: StandIns) throws {
        self.standIns = standIns
        directory = try TemporaryDirectory()
        control = try EventLoop(configuration: EventLoopConfiguration(name: "control"))
        loop = try EventLoop(configuration: EventLoopConfiguration(name: "default"))
        try control.start()
        try loop.start()
        let groups = ThrottleGroups()
        let faults = faults
        let real = DriverCatalog.kinds(throttleGroups: groups)
        let kinds = real.filter { !names.contains($0.name) }
            .map { FaultyKind(inner: $0, faults: faults, holds: standIns) }
        let others = standIns.kinds(names).map { FaultyKind(inner: $0, faults: faults, holds: nil) }
        let (answersLate, answerLate) = AsyncStream.makeStream(of: Void.self)
        self.answersLate = answersLate
        graph = LiveGraph(
            kinds: kinds + others,
            participants: [FaultyParticipant(groups, faults: faults)],
            services: [FaultyService(NBDService(loop: loop), faults: faults)],
            defaultLoop: loop,
            answeredLate: { answerLate.yield() }
        )
    }

    /// Runs a body with a workshop, and tidies up.
    ///
    /// - Parameters:
    ///   - names: Drivers that stand-ins replace; all others are those of the product.
    ///   - standIns: What stands in; another workshop's to make requests of both wait together.
    ///   - body: What is done with it.
    /// - Returns: What the body returns.
    /// - Throws: What the body throws, or the system when there is no directory or no thread.
    static func run<Result: Sendable>(
        standsIn names: Set<String> = StandIns.names,
        with standIns: StandIns = StandIns(),
        _ body: (Workshop) async throws -> Result
    ) async throws -> Result {
        let workshop = try Workshop(standsIn: names, standIns)
        do {
            let result = try await body(workshop)
            await workshop.end()
            workshop.control.join()
            return result
        } catch {
            await workshop.end()
            workshop.control.join()
            throw error
        }
    }

    private func end() async {
        faults.arm(nil)
        for service in graph.services.values { service.stopListening() }
        _ = try? await graph.removeAll(
            drainTimeoutNanoseconds: 1_000_000_000,
            settleTimeoutNanoseconds: 1_000_000_000
        )
        loop.stop()
        loop.join()
        control.stop()
    }

    /// Comes back when the threads have seen everything that was sent to them before.
    func settled() async {
        // What has come is taken from the kernel at the end of a turn, and looked at in the next.
        for _ in 0..<4 {
            for thread in graph.threads.values { await thread.turn() }
        }
    }

    /// How many clients an export has.
    func clientCount(of export: String) -> Int {
        graph.snapshot.exports[export]?.handler.clients.count ?? 0
    }

    /// Nodes that left the graph and are still open, by number.
    var lingeringCount: Int { graph.lingering.count }

    /// Does what the daemon does whenever requests are answered late, until nothing lingers.
    func closeWhatLingers() async {
        for await _ in answersLate {
            _ = await graph.closeLingering()
            if graph.lingering.isEmpty { return }
        }
    }

    /// Socket of the listener `l`.
    nonisolated var socketPath: String { directory.path + "/l.sock" }

    /// Makes a graph live that is known to be good.
    func start(_ text: String) async throws {
        let outcome = await apply(text)
        try #require(outcome.isApplied, "\(outcome)")
    }

    /// A client of an export.
    nonisolated func client(_ export: String) throws -> DiskClient {
        try DiskClient(socketPath, export: export)
    }

    /// A whole document: listener `l`, groups `g` and `h`, threads `io0` and `io1`, and what is
    /// said of nodes and exports; `{dir}` stands for the directory.
    nonisolated func document(_ text: String, prelude: String = Workshop.prelude) -> Configuration {
        let whole = ("sluice: 1\n" + prelude + text).replacing("{dir}", with: directory.path)
        return Configuration(texts: [ConfigurationText(path: "a.yaml", bytes: Array(whole.utf8))])
    }

    static let prelude = """
        listeners: {l: {type: nbd, address: "unix:{dir}/l.sock"}}
        throttle-groups: {g: {iops-total: 1000000}, h: {iops-total: 2000000}}
        iothreads: {io0: {}, io1: {}}

        """

    /// Plans the way from what is live to a document.
    func way(
        to configuration: Configuration,
        allowing: Set<String> = []
    ) -> Result<Way, Refusal> {
        if let fault = configuration.diagnostics.first(where: { $0.severity == .error }) {
            let words = configuration.diagnostics.map { finding in
                ([finding.message] + finding.help + finding.related.map(\.message))
                    .joined(separator: "\n")
            }
            return .failure(Refusal(code: fault.code, reason: words.joined(separator: "\n")))
        }
        guard let desired = configuration.resolved else {
            return .failure(Refusal(code: "none", reason: "nothing was read"))
        }
        let plan = Plan(
            live: graph.resolved.description,
            desired: desired.description,
            marks: configuration.marks,
            allowed: allowing
        )
        if let fault = plan.refusals.first {
            let words = plan.refusals.map(\.message).joined(separator: "\n")
            return .failure(Refusal(code: fault.code, reason: words))
        }
        return .success(Way(desired: desired, plan: plan))
    }

    struct Refusal: Error {
        let code: String
        let reason: String
    }

    /// Makes a document live, or not.
    @discardableResult
    func apply(
        _ text: String,
        prelude: String = Workshop.prelude,
        allowing: Set<String> = [],
        timeoutMilliseconds: UInt64 = 60_000,
        beforeCommit: @Sendable () async throws(GraphError) -> Void = {}
    ) async -> Outcome {
        switch way(to: document(text, prelude: prelude), allowing: allowing) {
        case .failure(let refusal): return .refused(code: refusal.code, reason: refusal.reason)
        case .success(let way):
            return await go(
                way,
                timeoutMilliseconds: timeoutMilliseconds,
                beforeCommit: beforeCommit
            )
        }
    }

    /// Goes a way that was planned.
    func go(
        _ way: Way,
        timeoutMilliseconds: UInt64 = 60_000,
        beforeCommit: @Sendable () async throws(GraphError) -> Void = {}
    ) async -> Outcome {
        let faults = faults
        do throws(GraphError) {
            let receipt = try await graph.apply(
                GraphTransition(
                    desired: way.desired,
                    replacedNodes: way.plan.replacedNodes,
                    formerNames: way.plan.formerNames,
                    drainedExports: way.plan.drainedExports,
                    baseDirectory: directory.path,
                    drainTimeoutNanoseconds: timeoutMilliseconds * 1_000_000
                ),
                beforeDrain: { () async throws(GraphError) in try faults.step("journal") },
                beforeCommit: { () async throws(GraphError) in
                    try await beforeCommit()
                    try faults.step("drained")
                }
            )
            return .applied(receipt)
        } catch {
            return .refused(code: error.code.rawValue, reason: error.reason)
        }
    }

    /// The published state.
    var snapshot: GraphSnapshot { graph.snapshot }

    /// Masks of the live edges, `parent edge child`: `used/shared`.
    var masks: [String: String] {
        Dictionary(
            uniqueKeysWithValues: graph.resolved.edges.map {
                ("\($0.parent) \($0.edge) \($0.child)", $0.masks.description)
            }
        )
    }

    /// Everything that a refused change must leave alone, as text: description, masks, limits,
    /// placement, wiring of the loops, files, locks, descriptors and sockets.
    func still() async -> String {
        let snapshot = graph.snapshot
        var lines = ["generation \(snapshot.generation)"]
        lines.append(snapshot.resolved.description.json.compactText)
        lines += snapshot.resolved.edges.map { "\($0.parent) \($0.edge) \($0.child) \($0.masks)" }
        lines += snapshot.nodes.sorted { $0.key < $1.key }.map {
            "\($0.key) \($0.value.limits) on \($0.value.threads)"
        }
        lines += snapshot.exports.sorted { $0.key < $1.key }.map {
            "\($0.key) on \($0.value.threads) clients \($0.value.handler.clients.count)"
        }
        for (name, thread) in graph.threads.sorted(by: { $0.key < $1.key }) {
            let views = await thread.structure.sorted { $0.key.number < $1.key.number }
            lines.append("thread \(name)")
            lines += views.map { view in
                "\(view.key.number): \(view.value.map { "\($0.name)=\($0.child.number)" })"
            }
        }
        lines += directory.names.map { name in
            "file \(name) \(directory.sizeBytes(of: name)) "
                + "\(Holds.lockedBytes(directory.path + "/" + name))"
        }
        lines += Holds.descriptors(below: directory.path)
        lines += Holds.sockets(below: directory.path)
        return lines.joined(separator: "\n")
    }
}
