package import GraphModel

/// An export type at work: listeners and exports of one protocol.
///
/// Its functions are called by the control plane, one at a time.
package protocol ExportService: AnyObject, Sendable {
    /// Name of the type, such as `nbd`.
    var type: String { get }

    /// Prepares listeners and exports of this type for a graph.
    ///
    /// New listeners are bound, so that a taken address fails here; nothing is visible to clients
    /// before the commit.
    func prepare(_ change: ExportChange) throws(GraphError) -> any PreparedExports

    /// Lets clients come in at listeners that are committed and not open yet; called when what was
    /// committed is published, so that a client finds what `show` says.
    func openListeners()

    /// Stops accepting clients, for the end of the daemon.
    func stopListening()
}

/// From one graph's listeners and exports to another's.
package struct ExportChange: Sendable {
    /// What is live.
    package let live: GraphDescription
    /// What is wished.
    package let desired: GraphDescription
    /// Exports of the wished graph that are new, changed, or over nodes that change; by name.
    package let affected: [String]
    /// Live exports that the wished graph has not; by name.
    package let gone: [String]
    /// Limits of the affected exports' nodes as they will be, by export.
    package let limits: [String: BlockLimits]
    /// Directory that relative socket names start from.
    package let baseDirectory: String

    /// A change.
    package init(
        live: GraphDescription,
        desired: GraphDescription,
        affected: [String],
        gone: [String] = [],
        limits: [String: BlockLimits],
        baseDirectory: String
    ) {
        self.live = live
        self.desired = desired
        self.affected = affected
        self.gone = gone
        self.limits = limits
        self.baseDirectory = baseDirectory
    }
}

/// Listeners and exports that are ready to be switched.
///
/// Order at commit: `commit()` opens new listeners to clients and closes old ones, then ports are
/// made or switched on their loops (with ``ExportHandler/attach(_:)`` and
/// ``ExportHandler/detach(_:)``); a client that comes in between waits for its port.
package protocol PreparedExports: PreparedChange {
    /// Who serves an export of the wished graph; the same object as before when it goes on.
    func handler(for export: String) -> any ExportHandler
}

/// One export at work, across loops.
package protocol ExportHandler: AnyObject, Sendable {
    /// Serves through a port from now on; called on the port's loop at commit.
    func attach(_ port: ExportPort)

    /// Stops serving through a port: clients are disconnected, or go to another port when the
    /// export moves to other loops. Called on the port's loop at commit, after a drain.
    func detach(_ port: ExportPort)

    /// Ports are about to be attached or detached, after a drain: clients go to none of them until
    /// ``moveEnded()``. Called by the control plane.
    ///
    /// - Parameter portCount: How many ports there will be.
    func moveBegan(portCount: Int)

    /// All ports are there that will be, and share the clients among them. Called by the control
    /// plane.
    func moveEnded()

    /// Waits until the clients of ports that were detached are at the ports of this moment, or
    /// going: who has said goodbye need not have taken its last replies.
    func waitForHandover() async

    /// Waits until nobody is at ports that were detached: their loops may end.
    func waitForFarewells() async

    /// Who is connected; any thread.
    var clients: [ExportClient] { get }
}

extension ExportHandler {
    package func moveBegan(portCount: Int) {}
    package func moveEnded() {}
    package func waitForHandover() async {}
    package func waitForFarewells() async {}
}

/// A client that is connected.
package struct ExportClient: Hashable, Sendable {
    /// Address, or `unix`.
    package let peer: String
    /// When it connected, in seconds since 1970.
    package let sinceUnixSeconds: Int64

    /// A client.
    package init(peer: String, sinceUnixSeconds: Int64) {
        self.peer = peer
        self.sinceUnixSeconds = sinceUnixSeconds
    }
}
