package import BlockGraph
internal import CLinux
internal import RingLoop

/// An export that is served over NBD: its clients, and the ports they are served through.
///
/// ```
/// open --close()--> closing: clients get ESHUTDOWN and are disconnected, none is taken
/// open --moveBegan()--> moving: clients wait --moveEnded()--> open
/// ```
/// A client goes to the port with the fewest of them. When ports come, those that were there give
/// up what is more than their share.
package final class NBDExport: ExportHandler {
    /// The export's key in the configuration.
    package let key: String

    private struct State {
        var clients: [UInt64: ExportClient] = [:]
        var clientCount: UInt64 = 0
        /// In the order in which they came.
        var seats: [Seat] = []
        /// Whether ports come and go, so that no client is given to one.
        var isMoving = false
        /// Clients for whom there is no port at the moment.
        var waiting: [NBDPassage] = []
        var isClosing = false
        /// Ports that were left and whose clients are not all on their way yet, and clients that
        /// are given up by ports that stay.
        var leavingCount = 0
        var handoverWaits: [CheckedContinuation<Void, Never>] = []
        /// Ports that were left and where somebody still gets last replies.
        var endingCount = 0
        var farewellWaits: [CheckedContinuation<Void, Never>] = []
    }

    /// A port's connections, and how many clients were given to it and are not gone.
    private struct Seat {
        let group: NBDConnectionGroup
        var clientCount = 0
    }
    private let state = Locked(State())

    /// Memory that connections of all exports share.
    let budget: NBDMemoryBudget

    /// An export without port and clients.
    init(key: String, budget: NBDMemoryBudget) {
        self.key = key
        self.budget = budget
    }

    /// Who is connected.
    package var clients: [ExportClient] {
        state.withLock { state in
            state.clients.sorted { $0.key < $1.key }.map(\.value)
        }
    }

    /// How many clients are connected.
    var clientCount: Int { state.withLock { $0.clients.count } }

    package func attach(_ port: ExportPort) {
        let group = NBDConnectionGroup(export: self, port: port)
        port.client = group
        let waiting = state.withLock { state -> [NBDPassage] in
            state.seats.append(Seat(group: group))
            guard !state.isMoving else { return [] }
            let waiting = state.waiting
            state.waiting = []
            state.seats[state.seats.count - 1].clientCount = waiting.count
            return waiting
        }
        for passage in waiting { group.adopt(passage) }
    }

    package func detach(_ port: ExportPort) {
        let (group, isClosing) = state.withLock { state in
            let index = state.seats.firstIndex { $0.group.port === port }
            if index != nil, !state.isClosing {
                state.leavingCount += 1
                state.endingCount += 1
            }
            return (index.map { state.seats.remove(at: $0).group }, state.isClosing)
        }
        port.client = nil
        guard let group else { return }
        if isClosing { group.shutDown() } else { group.leave() }
    }

    package func moveBegan(portCount: Int) {
        let releases = state.withLock { state -> [(group: NBDConnectionGroup, count: Int)] in
            state.isMoving = true
            let clientCount = state.seats.reduce(0) { $0 + $1.clientCount }
            let share = (clientCount + portCount - 1) / max(portCount, 1)
            let releases = state.seats.filter { $0.clientCount > share }
                .map { ($0.group, $0.clientCount - share) }
            for (_, count) in releases { state.leavingCount += count }
            return releases
        }
        for (group, count) in releases {
            // A loop that has ended has no clients.
            guard group.loop.post({ group.release(count) }) else {
                for _ in 0..<count { clientsLeft() }
                continue
            }
        }
    }

    package func moveEnded() {
        let waiting = state.withLock { state in
            state.isMoving = false
            defer { state.waiting = [] }
            return state.waiting
        }
        for passage in waiting { deliver(passage) }
    }

    package func waitForHandover() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                guard state.leavingCount > 0 else { return true }
                state.handoverWaits.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    package func waitForFarewells() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                guard state.endingCount > 0 else { return true }
                state.farewellWaits.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    /// The last connection of a port that was left is over; called once for each.
    func portEmptied() {
        let waits = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.endingCount -= 1
            guard state.endingCount == 0 else { return [] }
            defer { state.farewellWaits = [] }
            return state.farewellWaits
        }
        for wait in waits { wait.resume() }
    }

    /// The last client of a port that was left is on its way, or one that a port gave up; called
    /// once for each.
    func clientsLeft() {
        let waits = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.leavingCount -= 1
            guard state.leavingCount == 0 else { return [] }
            defer { state.handoverWaits = [] }
            return state.handoverWaits
        }
        for wait in waits { wait.resume() }
    }

    /// Ends the export; any thread.
    func close() {
        let (waiting, groups) = state.withLock { state in
            state.isClosing = true
            let waiting = state.waiting
            state.waiting = []
            return (waiting, state.seats.map(\.group))
        }
        for passage in waiting { _ = clinux_close(passage.fd) }
        for group in groups { group.loop.post { group.shutDown() } }
    }

    /// Takes note of a client; the place is given up with the visit.
    func admit(_ client: ExportClient, admission: NBDAdmission) -> NBDVisit {
        let number = state.withLock { state in
            state.clientCount += 1
            state.clients[state.clientCount] = client
            return state.clientCount
        }
        return NBDVisit(export: self, number: number, admission: admission)
    }

    /// Forgets a client.
    func visitEnded(_ number: UInt64) {
        state.withLock { state in _ = state.clients.removeValue(forKey: number) }
    }

    /// A connection is over, or its client on its way to another port.
    func connectionEnded(in group: NBDConnectionGroup) {
        state.withLock { state in
            guard let index = state.seats.firstIndex(where: { $0.group === group }) else { return }
            state.seats[index].clientCount -= 1
        }
    }

    /// Brings a client to the port with the fewest, or keeps it until there is one; any thread.
    func deliver(_ passage: NBDPassage) {
        let group = state.withLock { state -> NBDConnectionGroup?? in
            guard !state.isClosing else { return .some(nil) }
            let counts = state.seats.map(\.clientCount)
            guard !state.isMoving, let least = counts.min(),
                let index = counts.firstIndex(of: least)
            else {
                state.waiting.append(passage)
                return nil
            }
            state.seats[index].clientCount += 1
            return .some(state.seats[index].group)
        }
        guard let group else { return }
        guard let group else {
            _ = clinux_close(passage.fd)
            return
        }
        guard !group.loop.post({ group.adopt(passage) }) else { return }
        // The port's thread ended between the choice and the post: the client goes to another.
        state.withLock { state in state.seats.removeAll { $0.group === group } }
        deliver(passage)
    }
}
