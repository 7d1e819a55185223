package import RingLoop

/// Where an export meets the graph on one loop: the current path, and whether it is paused.
///
/// ```
/// serving --pause()--> paused --resume()--> serving
/// ```
/// Confined to its loop's thread. While it is paused the export takes no new request: what clients
/// send stays in their sockets.
package final class ExportPort {
    /// The export's key.
    package let exportName: String
    /// The loop that this port belongs to.
    package let loop: EventLoop
    /// The graph as a request sees it that is taken now.
    package private(set) var path: IOPath
    /// Whether no request may be taken now.
    package private(set) var isPaused = false
    /// What was answered through this port.
    package let counters: ExportCounters
    /// Who takes requests from clients; set by ``ExportHandler/attach(_:)``.
    package weak var client: (any ExportPortClient)?

    init(exportName: String, loop: EventLoop, path: IOPath, counters: ExportCounters) {
        self.exportName = exportName
        self.loop = loop
        self.path = path
        self.counters = counters
        // They may be of a port that was here or elsewhere before.
        counters.pauseBegan()
    }

    func switchPath(_ newPath: IOPath) {
        path = newPath
        client?.portChanged(self)
    }

    func pause() {
        guard !isPaused else { return }
        isPaused = true
        counters.pauseBegan()
        client?.portPaused(self)
    }

    func resume() {
        guard isPaused else { return }
        isPaused = false
        client?.portResumed(self)
    }
}

/// Who takes requests from clients and hands them to a port's path.
///
/// All functions are called on the port's loop, between two turns' work.
package protocol ExportPortClient: AnyObject {
    /// No new request may be submitted until ``portResumed(_:)``; parked ones will be answered.
    func portPaused(_ port: ExportPort)
    /// Requests may be submitted again, over ``ExportPort/path`` as it is now.
    func portResumed(_ port: ExportPort)
    /// The path was replaced: limits or rights may differ.
    func portChanged(_ port: ExportPort)
}
