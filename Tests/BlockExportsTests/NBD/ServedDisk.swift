import GraphModel
import Glibc
import RingLoop
import Synchronization

@testable import BlockExports
@testable import BlockGraph

/// A disk in memory that is served on a Unix socket, through a real loop and service.
final class ServedDisk: Sendable {
    static let sizeBytes = 8 << 20
    let socketPath: String
    let loop: EventLoop
    private let service: NBDService
    private let stage: Stage

    /// What lives on the loop's thread.
    private final class Stage: @unchecked Sendable {
        let driver: MemoryDriver
        var node: Node?
        var port: ExportPort?
        var handler: (any ExportHandler)?

        init(_ driver: MemoryDriver) { self.driver = driver }
    }

    private static let number = Atomic<Int>(0)

    init(
        _ options: [(String, OptionValue)] = [],
        movesPages: Bool = false,
        budget: NBDMemoryBudget = NBDMemoryBudget()
    ) throws {
        let (_, number) = Self.number.add(1, ordering: .relaxed)
        socketPath = "/tmp/sluice-nbd-test-\(getpid())-\(number).sock"
        loop = try EventLoop(configuration: EventLoopConfiguration(name: "test"))
        try loop.start()
        service = NBDService(loop: loop, budget: budget)
        stage = Stage(
            MemoryDriver(sizeBytes: Self.sizeBytes, movesPages: movesPages)
        )
        let prepared = try service.prepare(change(from: .init(), to: description(options)))
        prepared.commit()
        service.openListeners()
        let handler = prepared.handler(for: "disk")
        stage.handler = handler
        onLoop { [stage, loop] in
            let node = Node(
                identity: NodeIdentity(number: 1),
                driver: stage.driver,
                edges: []
            )
            let path = IOPath(
                generation: 1,
                limits: BlockLimits(sizeBytes: UInt64(Self.sizeBytes)),
                rights: [.consistentRead, .write],
                root: Edge(name: "root", target: node)
            )
            let port = ExportPort(
                exportName: "disk",
                loop: loop,
                path: path,
                counters: ExportCounters()
            )
            stage.node = node
            stage.port = port
            handler.attach(port)
        }
    }

    func description(_ options: [(String, OptionValue)] = []) -> GraphDescription {
        var graph = GraphDescription()
        graph.listeners["l"] = ListenerDescription(
            name: "l",
            options: Options([("type", .text("nbd")), ("address", .text("unix:" + socketPath))])
        )
        graph.exports["disk"] = ExportDescription(
            name: "disk",
            type: "nbd",
            node: "n",
            listener: "l",
            options: Options([("writable", .flag(true))] + options)
        )
        return graph
    }

    func change(from live: GraphDescription, to desired: GraphDescription) -> ExportChange {
        ExportChange(
            live: live,
            desired: desired,
            affected: desired.exports.keys.sorted(),
            gone: live.exports.keys.filter { desired.exports[$0] == nil },
            limits: ["disk": BlockLimits(sizeBytes: UInt64(Self.sizeBytes))],
            baseDirectory: "/"
        )
    }

    /// Removes the export and its listener, as a transaction does.
    func removeExport(_ options: [(String, OptionValue)] = []) throws {
        let prepared = try service.prepare(change(from: description(options), to: .init()))
        prepared.commit()
        service.openListeners()
        onLoop { [stage] in
            if let port = stage.port { stage.handler?.detach(port) }
            stage.port = nil
        }
    }

    /// Detaches the port and attaches it again, as a move to another loop does.
    func moveExport() {
        onLoop { [stage] in
            guard let port = stage.port else { return }
            stage.handler?.detach(port)
            stage.handler?.attach(port)
        }
    }

    func pause() { onLoop { [stage] in stage.port?.pause() } }
    /// Ends a pause, and does something right before on the loop.
    func resume(after body: @escaping @Sendable () -> Void = {}) {
        onLoop { [stage] in
            body()
            stage.port?.resume()
        }
    }
    var totals: ExportTotals? { stage.port?.counters.totals }
    var clientCount: Int { stage.handler?.clients.count ?? 0 }

    func park(_ isOn: Bool) { onLoop { [stage] in stage.driver.parksRequests = isOn } }
    var parkedCount: Int {
        let count = Atomic<Int>(0)
        onLoop { [stage] in count.store(stage.driver.parked.count, ordering: .relaxed) }
        return count.load(ordering: .relaxed)
    }
    func lend(_ lending: MemoryDriver.Lending) {
        onLoop { [stage] in stage.driver.lending = lending }
    }
    /// Cuts the file off in which the bytes are.
    func truncate(to sizeBytes: Int) { ftruncate(stage.driver.file, sizeBytes) }
    func answerParked() { onLoop { [stage] in stage.driver.answerParked() } }

    /// Runs something on the loop and waits for it.
    func onLoop(_ body: @escaping @Sendable () -> Void) {
        var ends: [Int32] = [0, 0]
        pipe(&ends)
        let (readEnd, writeEnd) = (ends[0], ends[1])
        loop.post {
            body()
            close(writeEnd)
        }
        var byte: UInt8 = 0
        while read(readEnd, &byte, 1) < 0 {}
        close(readEnd)
    }

    deinit {
        service.stopListening()
        // Without its port the export lets its clients go, so that nothing outlives the test.
        try? removeExport()
        loop.stop()
        loop.join()
        unlink(socketPath)
    }
}
