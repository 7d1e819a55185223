/// A node's view on one loop: takes requests, answers them, passes them on or parks them.
///
/// A plain class without locks, confined to its loop's thread.
package protocol BlockDriver: AnyObject {
    /// Takes a request.
    ///
    /// The caller has checked offset and length against the node's limits. What is not answered
    /// at once is `.parked`, and is answered later with one ``BlockRequest/finish(_:)`` on the
    /// loop's thread. A filter that only looks passes on what its child returned.
    func submit(_ request: BlockRequest) -> BlockStatus

    /// Whether reads and writes may carry their payload in a pipe instead of memory
    /// (``RequestSlot/pipe``). A filter answers what its child answers.
    var movesPages: Bool { get }

    /// Whether reads may be answered with pages of a file in place of bytes in the buffer
    /// (``RequestFlags/mayLend``). Unless a driver says otherwise, they may not. A filter that does
    /// not look at payloads answers what its child answers, unless it may make zeroes of a write,
    /// which can free the place that a read was lent.
    var lendsPages: Bool { get }

    /// Lets go what waits by the driver's own choice (a limit, a delay), now and until
    /// ``drainEnded()``: a drain is under way, or the node has left the graph.
    func drainBegan()

    /// The driver may make requests wait again.
    func drainEnded()

    /// Options of the open node were changed; called between two turns.
    func optionsChanged()
}

extension BlockDriver {
    package var lendsPages: Bool { false }
    package func drainBegan() {}
    package func drainEnded() {}
    package func optionsChanged() {}
}
