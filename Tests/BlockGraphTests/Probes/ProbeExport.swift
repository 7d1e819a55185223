import BlockGraph
import GraphModel
import RingLoop
import Synchronization

/// An export type whose only client is the test.
final class ProbeService: ExportService {
    let type = "nbd"
    private let log: ProbeLog
    private let switches: ProbeSwitches
    private let handlers = Mutex<[String: ProbeHandler]>([:])

    init(log: ProbeLog, switches: ProbeSwitches) {
        self.log = log
        self.switches = switches
    }

    func prepare(_ change: ExportChange) throws(GraphError) -> any PreparedExports {
        guard !switches.fails("exports") else {
            throw GraphError(code: .address, object: "listener/l", reason: "address in use")
        }
        let prepared = handlers.withLock { known in
            Dictionary(
                uniqueKeysWithValues: change.desired.exports.keys.map {
                    ($0, known[$0] ?? ProbeHandler(name: $0, log: log))
                }
            )
        }
        return ProbePreparedExports(service: self, prepared: prepared, log: log)
    }

    func openListeners() {}
    func stopListening() {}

    func handler(_ export: String) -> ProbeHandler? { handlers.withLock { $0[export] } }

    fileprivate func take(_ prepared: [String: ProbeHandler]) {
        handlers.withLock { $0 = prepared }
    }
}

private final class ProbePreparedExports: PreparedExports {
    private let service: ProbeService
    private let prepared: [String: ProbeHandler]
    private let log: ProbeLog

    init(service: ProbeService, prepared: [String: ProbeHandler], log: ProbeLog) {
        self.service = service
        self.prepared = prepared
        self.log = log
    }

    func handler(for export: String) -> any ExportHandler {
        guard let handler = prepared[export] else { fatalError("no export \(export)") }
        return handler
    }

    func commit() { service.take(prepared) }
    func abort() { log.add("abort exports") }
}

/// An export with one client that submits when the test says so.
// Not checked: `client` is touched on the port's loop only.
final class ProbeHandler: ExportHandler, @unchecked Sendable {
    private let name: String
    private let log: ProbeLog
    private var client: ProbeClient?
    /// The loop of the port that was attached last.
    let loop = Mutex<EventLoop?>(nil)
    let connected = Mutex<[ExportClient]>([])

    init(name: String, log: ProbeLog) {
        self.name = name
        self.log = log
    }

    var clients: [ExportClient] { connected.withLock { $0 } }

    func attach(_ port: ExportPort) {
        log.add("attach \(name) on \(port.loop.configuration.name)")
        loop.withLock { $0 = port.loop }
        client = ProbeClient(port: port, log: log)
    }

    func detach(_ port: ExportPort) {
        log.add("detach \(name)")
        if client?.port === port { client = nil }
    }

    /// On the port's loop: sends a request.
    func send(_ operation: BlockOperation) { client?.send(operation) }

    /// On the port's loop: the path of now.
    var path: IOPath? { client?.port.path }
}

/// One client with eight requests at most.
final class ProbeClient: ExportPortClient {
    let port: ExportPort
    private let log: ProbeLog
    private var pool: RequestPool?
    private var waiting: [BlockOperation] = []

    init(port: ExportPort, log: ProbeLog) {
        self.port = port
        self.log = log
        pool = RequestPool(
            capacity: 8,
            completion: { slot in
                let request = BlockRequest(slot.assumingMemoryBound(to: RequestSlot.self))
                guard let owner = request.slot.pointee.owner else { return }
                Unmanaged<ProbeClient>.fromOpaque(owner).takeUnretainedValue().answered(request)
            },
            owner: Unmanaged.passUnretained(self).toOpaque()
        )
        port.client = self
    }

    func send(_ operation: BlockOperation) {
        guard !port.isPaused else { return waiting.append(operation) }
        guard let request = pool?.take() else { return log.add("full") }
        request.slot.pointee.operation = operation
        request.slot.pointee.status = port.path.submit(request)
        if !request.slot.pointee.status.isParked { answered(request) }
    }

    private func answered(_ request: BlockRequest) {
        let isFailure = request.slot.pointee.status != .done
        log.add(isFailure ? "failed \(port.exportName)" : "answered \(port.exportName)")
        port.counters.record(request.slot.pointee.operation, bytes: 0, failed: isFailure)
        pool?.giveBack(request)
    }

    func portPaused(_ port: ExportPort) { log.add("paused \(port.exportName)") }

    func portResumed(_ port: ExportPort) {
        log.add("resumed \(port.exportName)")
        let requests = waiting
        waiting = []
        for operation in requests { send(operation) }
    }

    func portChanged(_ port: ExportPort) { log.add("switched \(port.exportName)") }
}
