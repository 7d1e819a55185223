package import BlockGraph
internal import GraphModel
package import RingLoop

/// All listeners and exports of type `nbd`.
package final class NBDService: ExportService {
    /// Name of the type.
    package let type = "nbd"

    /// What is live; replaced as a whole by a commit.
    struct Live: Sendable {
        var listeners: [NBDAddress: NBDListener] = [:]
        var exports: [String: NBDExport] = [:]
        var plan = NBDPlan()
        /// Listeners that are bound and take no client yet.
        var unopened: [NBDListener] = []
        var isStopping = false
    }

    private let loop: EventLoop
    private let budget: NBDMemoryBudget
    private let directory = ExportDirectory()
    private let live = Locked(Live())

    /// A service without listeners.
    ///
    /// - Parameter loop: Accepts clients and holds their handshakes; clients that are served are
    ///   on the loops of their exports' ports.
    package convenience init(loop: EventLoop) {
        self.init(loop: loop, budget: NBDMemoryBudget())
    }

    init(loop: EventLoop, budget: NBDMemoryBudget) {
        self.loop = loop
        self.budget = budget
    }

    /// Prepares listeners and exports for a graph.
    package func prepare(
        _ change: ExportChange
    ) throws(GraphError) -> any PreparedExports {
        let live = live.withLock { $0 }
        let plan = try NBDPlan(change, after: live.plan)
        let gone = (change.gone + change.affected).filter { plan.exports[$0] == nil }
        if !live.isStopping { try refuseCuttingClients(gone, change, live) }
        var exports: [String: NBDExport] = [:]
        for key in change.affected where plan.exports[key] != nil {
            exports[key] = live.exports[key] ?? NBDExport(key: key, budget: budget)
        }
        var opened: [NBDAddress: NBDListener] = [:]
        do throws(GraphError) {
            for (address, wish) in plan.listeners where live.listeners[address] == nil {
                opened[address] = try NBDListener(
                    name: wish.name,
                    address: address,
                    mode: wish.mode,
                    clientCountMax: wish.clientCountMax
                )
            }
        } catch {
            for listener in opened.values { listener.close() }
            throw error
        }
        return NBDPreparedExports(
            service: self,
            plan: plan,
            gone: gone,
            exports: exports,
            opened: opened
        )
    }

    /// Stops accepting clients; those that are connected go on until their exports leave.
    package func stopListening() {
        let listeners = live.withLock { live in
            live.isStopping = true
            let listeners = live.listeners.values
            live.listeners = [:]
            return Array(listeners)
        }
        for listener in listeners { listener.close() }
    }

    private func refuseCuttingClients(
        _ gone: [String],
        _ change: ExportChange,
        _ live: Live
    ) throws(GraphError) {
        for key in gone.sorted() {
            guard let count = live.exports[key]?.clientCount, count > 0 else { continue }
            let policy = change.live.exports[key]?.options.text("on-remove") ?? "refuse"
            guard policy == "refuse" else { continue }
            throw GraphError(
                code: .inUse,
                object: "export/\(key)",
                option: "on-remove",
                reason: "export \(key) cannot be removed while \(count) clients are connected; "
                    + "disconnect them, or set on-remove: drain or disconnect first"
            )
        }
    }

    /// Makes a prepared change.
    func commit(_ prepared: NBDPreparedExports) {
        let plan = prepared.plan
        let (leaving, closing) = live.withLock { live in
            let leaving = prepared.gone.compactMap { live.exports.removeValue(forKey: $0) }
            let closing = live.listeners.filter { plan.listeners[$0.key] == nil }
            live.exports.merge(prepared.exports) { _, new in new }
            live.plan = plan
            for address in closing.keys { live.listeners[address] = nil }
            live.listeners.merge(prepared.opened) { old, _ in old }
            live.unopened += prepared.opened.values
            return (leaving, closing)
        }
        directory.change(to: plan, changed: prepared.exports, gone: prepared.gone)
        for listener in closing.values { listener.close() }
        for export in leaving { export.close() }
        for (address, wish) in plan.listeners {
            guard let listener = live.withLock({ $0.listeners[address] }) else { continue }
            listener.door.setLimit(wish.clientCountMax)
            if prepared.opened[address] == nil { listener.setMode(wish.mode) }
        }
    }

    /// Takes clients at what was bound by the last commit.
    package func openListeners() {
        let listeners = live.withLock { live in
            defer { live.unopened = [] }
            return live.isStopping ? [] : live.unopened
        }
        for listener in listeners { listener.open(on: loop, directory: directory) }
    }
}
