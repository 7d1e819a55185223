import GraphModel
import RingLoop
import Simulation

@testable import BlockGraph

/// An export type whose clients are the simulation's; everything is on one thread.
// Not checked: touched on the simulated loop's thread only.
final class SimulatedExports: ExportService, @unchecked Sendable {
    let type = "nbd"
    private(set) var clients: [String: SimulatedClient] = [:]
    let world: SimulationRecord

    init(world: SimulationRecord) { self.world = world }

    func prepare(_ change: ExportChange) throws(GraphError) -> any PreparedExports {
        try world.step("exports")
        var prepared: [String: SimulatedClient] = [:]
        for name in change.desired.exports.keys {
            prepared[name] = clients[name] ?? SimulatedClient(name: name, world: world)
        }
        return Prepared(service: self, clients: prepared)
    }

    func openListeners() {}
    func stopListening() {}

    private final class Prepared: PreparedExports {
        private let service: SimulatedExports
        private let clients: [String: SimulatedClient]

        init(service: SimulatedExports, clients: [String: SimulatedClient]) {
            self.service = service
            self.clients = clients
        }

        func handler(for export: String) -> any ExportHandler {
            guard let client = clients[export] else { preconditionFailure("no export \(export)") }
            return client
        }

        func commit() { service.clients = clients }
        func abort() {}
    }
}

/// A client with a queue of sixteen; checks every answer against the oracle.
// Not checked: touched on the simulated loop's thread only.
final class SimulatedClient: ExportHandler, ExportPortClient, @unchecked Sendable {
    /// A request as the client wants it.
    struct Wish {
        var operation: BlockOperation
        var sectors: Range<Int> = 0..<0
    }

    private struct Flight {
        var operation: BlockOperation
        var disk: Int
        var sectors: Range<Int>
        var begin = 0
        var buffer: UnsafeMutableRawPointer
    }

    static let queueDepth = 16
    static let sectorsMax = 8

    let name: String
    private let world: SimulationRecord
    private var port: ExportPort?
    private var pool: RequestPool?
    private var flights: [UnsafeMutablePointer<RequestSlot>: Flight] = [:]
    private var waiting: [Wish] = []

    init(name: String, world: SimulationRecord) {
        self.name = name
        self.world = world
        pool = RequestPool(
            capacity: Self.queueDepth,
            completion: { address in
                let slot = address.assumingMemoryBound(to: RequestSlot.self)
                guard let owner = slot.pointee.owner else { return }
                Unmanaged<SimulatedClient>.fromOpaque(owner).takeUnretainedValue()
                    .answered(BlockRequest(slot), slot.pointee.status)
            },
            owner: Unmanaged.passUnretained(self).toOpaque()
        )
    }

    var clients: [ExportClient] { [] }
    /// Requests that are under way.
    var flightCount: Int { flights.count }
    /// Requests that wait for the end of a pause.
    var waitingCount: Int { waiting.count }

    func attach(_ port: ExportPort) {
        self.port = port
        port.client = self
        goOn()
    }

    func detach(_ port: ExportPort) {
        world.expect(flights.isEmpty, "\(name) left with requests under way")
        if self.port === port { self.port = nil }
    }

    func portPaused(_ port: ExportPort) {}
    func portResumed(_ port: ExportPort) { goOn() }
    func portChanged(_ port: ExportPort) {}

    private func goOn() {
        let wishes = waiting
        waiting = []
        for wish in wishes { send(wish) }
    }

    /// Sends a request, or keeps it while the export is paused.
    func send(_ wish: Wish) {
        guard let port, !port.isPaused else { return waiting.append(wish) }
        guard let disk = world.disk(of: name, generation: port.path.generation) else {
            return world.expect(false, "\(name) shows no disk in \(port.path.generation)")
        }
        let sectors = world.oracle.busy.isDisjoint(
            with: wish.sectors.map {
                BlockOracle.Sector(disk: disk, number: $0)
            }
        )
        guard sectors, let request = pool?.take() else { return }
        let length = wish.sectors.count * SimulatedDisk.sectorBytes
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: max(length, 1), alignment: 16)
        var flight = Flight(
            operation: wish.operation,
            disk: disk,
            sectors: wish.sectors,
            buffer: buffer
        )
        switch wish.operation {
        case .write:
            let value = world.nextValue()
            buffer.initializeMemory(as: UInt32.self, repeating: value, count: length / 4)
            world.oracle.writeBegins(disk, wish.sectors, value: value)
        case .flush: flight.begin = world.oracle.flushBegins()
        default: world.oracle.readBegins(disk, wish.sectors)
        }
        let slot = request.slot
        slot.pointee.operation = wish.operation
        slot.pointee.flags = []
        slot.pointee.offsetBytes = UInt64(wish.sectors.lowerBound * SimulatedDisk.sectorBytes)
        slot.pointee.lengthBytes = UInt64(length)
        slot.pointee.buffer = buffer
        slot.pointee.pipe = -1
        flights[slot] = flight
        world.sentCount += 1
        world.machine.note(.sent, disk, wish.sectors.lowerBound, Int(wish.operation.rawValue))
        let status = port.path.submit(request)
        if !status.isParked { answered(request, status) }
    }

    private func answered(_ request: BlockRequest, _ status: BlockStatus) {
        guard let flight = flights.removeValue(forKey: request.slot) else {
            return world.expect(false, "\(name): an answer to nothing")
        }
        world.machine.note(
            .answered,
            flight.disk,
            flight.sectors.lowerBound,
            Int(status.rawValue)
        )
        world.answeredCount += 1
        let isDone = status == .done
        switch flight.operation {
        case .write: world.oracle.writeEnds(flight.disk, flight.sectors, succeeded: isDone)
        case .flush where isDone: world.oracle.flushEnds(flight.disk, begin: flight.begin)
        case .flush: break
        default:
            if isDone { check(flight) }
            world.oracle.readEnds(flight.disk, flight.sectors)
        }
        flight.buffer.deallocate()
        pool?.giveBack(request)
    }

    /// Every sector that was read is whole, and is one that may be there.
    private func check(_ flight: Flight) {
        let words = SimulatedDisk.sectorBytes / 4
        for (index, number) in flight.sectors.enumerated() {
            let start = flight.buffer.assumingMemoryBound(to: UInt32.self) + index * words
            let value = start[0]
            world.expect((0..<words).allSatisfy { start[$0] == value }, "\(name): a torn sector")
            world.expect(
                world.oracle.visible(flight.disk, number).contains(value),
                "\(name): sector \(number) of disk \(flight.disk) shows \(value)"
            )
            world.oracle.saw(flight.disk, number, value)
        }
    }
}

/// What a run knows of itself: the oracle, what it counted, and what went wrong.
// Not checked: touched on the simulated loop's thread only.
final class SimulationRecord: @unchecked Sendable {
    var oracle: BlockOracle
    var sentCount = 0
    var answeredCount = 0
    /// The step of a transaction that fails next, counted down; none when negative.
    var stepsToFailure = -1
    private(set) var faults: [String] = []
    let machine: SimulatedMachine
    private var value: UInt32 = 0
    /// Disks of exports by generation; an older path shows the disk of its own generation.
    private var disks: [UInt64: [String: Int]] = [:]

    init(_ machine: SimulatedMachine, diskCount: Int, sectorCount: Int) {
        self.machine = machine
        oracle = BlockOracle(diskCount: diskCount, sectorCount: sectorCount)
    }

    func nextValue() -> UInt32 {
        value += 1
        return value
    }

    func expect(_ holds: Bool, _ words: @autoclosure () -> String) {
        if !holds, faults.count < 4 { faults.append(words()) }
    }

    func step(_ name: String) throws(GraphError) {
        guard stepsToFailure >= 0 else { return }
        stepsToFailure -= 1
        guard stepsToFailure < 0 else { return }
        throw GraphError(code: .openFailed, object: name, reason: "\(name) fails by chance")
    }

    func setDisks(_ found: [String: Int], generation: UInt64) { disks[generation] = found }
    func forgetDisks() { disks = [:] }
    func disk(of export: String, generation: UInt64) -> Int? { disks[generation]?[export] }
}
