package import BlockGraph
internal import CLinux
internal import RingLoop

/// An export that is served over NBD: its clients, and the ports they are served through.
///
/// ```
/// open --close()--> closing: clients get ESHUTDOWN and are disconnected, none is taken
/// ```
package final class NBDExport: ExportHandler {
    /// The export's key in the configuration.
    package let key: String

    private struct State {
        var clients: [UInt64: ExportClient] = [:]
        var clientCount: UInt64 = 0
        /// In the order in which they came; new clients go to the last.
        var groups: [NBDConnectionGroup] = []
        /// Clients for whom there is no port at the moment.
        var waiting: [NBDPassage] = []
        var isClosing = false
        /// Ports that were left and whose clients are not all on their way yet.
        var leavingCount = 0
        var handoverWaits: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Locked(State())

    /// An export without port and clients.
    init(key: String) { self.key = key }

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
        let waiting = state.withLock { state in
            state.groups.append(group)
            let waiting = state.waiting
            state.waiting = []
            return waiting
        }
        for passage in waiting { group.adopt(passage) }
    }

    package func detach(_ port: ExportPort) {
        let (group, isClosing) = state.withLock { state in
            let index = state.groups.firstIndex { $0.port === port }
            if index != nil, !state.isClosing { state.leavingCount += 1 }
            return (index.map { state.groups.remove(at: $0) }, state.isClosing)
        }
        port.client = nil
        guard let group else { return }
        if isClosing { group.shutDown() } else { group.leave() }
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

    /// The last client of a port that was left is on its way; called once for each, on its loop.
    func groupLeft() {
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
            return (waiting, state.groups)
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

    /// Brings a client to the port of this moment, or keeps it until there is one; any thread.
    func deliver(_ passage: NBDPassage) {
        let group = state.withLock { state -> NBDConnectionGroup?? in
            guard !state.isClosing else { return .some(nil) }
            if let group = state.groups.last { return .some(group) }
            state.waiting.append(passage)
            return nil
        }
        guard let group else { return }
        guard let group, group.loop.post({ group.adopt(passage) }) else {
            _ = clinux_close(passage.fd)
            return
        }
    }
}
