internal import BlockGraph
internal import RingLoop

/// The connections of one export on one loop.
// Not checked: only the reference crosses threads (to be posted to its own loop); everything in it
// is touched by that loop's thread alone.
final class NBDConnectionGroup: ExportPortClient, @unchecked Sendable {
    /// Payload buffers that are kept for the next requests, in bytes.
    private static let cachedBytesMax = 16 << 20

    /// The port that is served.
    let port: ExportPort
    /// Its loop.
    let loop: EventLoop
    /// Payload buffers of all connections here.
    let buffers = BufferPool(cachedBytesMax: cachedBytesMax)
    /// Memory that all connections share.
    var budget: NBDMemoryBudget { export.budget }
    private let export: NBDExport
    private var connections: [ObjectIdentifier: NBDConnection] = [:]
    private var buried: [NBDConnection] = []
    /// Connections whose clients go to another port while this one stays.
    private var released: Set<ObjectIdentifier> = []
    private var isLeft = false
    private var isHandedOver = false
    private var isEmptied = false
    private var isShutDown = false

    /// Makes a group without connections, on the port's loop.
    init(export: NBDExport, port: ExportPort) {
        self.export = export
        self.port = port
        loop = port.loop
    }

    /// Serves a client from now on, or sends it on when the port was left meanwhile.
    func adopt(_ passage: NBDPassage) {
        guard !isLeft, !isShutDown else { return export.deliver(passage) }
        let connection = NBDConnection(passage: passage, group: self)
        connections[ObjectIdentifier(connection)] = connection
        connection.start()
    }

    /// Gives all clients to the export's next port.
    func leave() {
        isLeft = true
        for connection in connections.values { connection.leave() }
        endHandover()
    }

    /// Gives some clients to the export's other ports; each is told once as one that left.
    func release(_ count: Int) {
        let leaving = connections.filter { $0.value.phase == .serving && !$0.value.isLeaving }
            .prefix(count)
        // Fewer than were promised: others have gone meanwhile.
        for _ in leaving.count..<count { export.clientsLeft() }
        for (identity, connection) in leaving {
            released.insert(identity)
            connection.leave()
        }
    }

    /// Takes note of a client that goes nowhere any more but gets its last replies here.
    func clientEnds(_ connection: NBDConnection) {
        if released.remove(ObjectIdentifier(connection)) != nil { export.clientsLeft() }
        endHandover()
    }

    /// Ends all connections: what still comes is answered with `ESHUTDOWN`.
    func shutDown() {
        isShutDown = true
        for connection in connections.values { connection.shutDown() }
    }

    /// Forgets a connection that is over, when nothing on the stack can need it any more.
    func bury(_ connection: NBDConnection) {
        let identity = ObjectIdentifier(connection)
        guard let gone = connections.removeValue(forKey: identity) else { return }
        buried.append(gone)
        export.connectionEnded(in: self)
        let wasReleased = released.remove(identity) != nil
        // A job rather than a hook: an ending loop runs every job, and this breaks a cycle.
        loop.post { [self] in
            buried.removeAll()
            if wasReleased { export.clientsLeft() }
            endHandover()
        }
    }

    /// Says once that no client is here any more that goes on, and once that none is here at all.
    private func endHandover() {
        guard isLeft, buried.isEmpty else { return }
        if !isHandedOver, !connections.values.contains(where: { $0.phase == .serving }) {
            isHandedOver = true
            export.clientsLeft()
        }
        guard !isEmptied, connections.isEmpty else { return }
        isEmptied = true
        export.portEmptied()
    }

    package func portPaused(_ port: ExportPort) {
        for connection in connections.values { connection.pause() }
    }

    package func portResumed(_ port: ExportPort) {
        for connection in connections.values { connection.resume() }
    }

    package func portChanged(_ port: ExportPort) {
        for connection in connections.values { connection.pathChanged() }
    }
}
