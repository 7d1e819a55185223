package import GraphModel

/// What an export sees of the graph on one loop, immutable: root, limits and rights.
///
/// A commit makes a new path and switches the port's pointer between two turns. A request that was
/// parked counts on the path by which it came until it is answered, so that what left the graph is
/// closed when its last request is.
package final class IOPath {
    /// Number of the commit that made it.
    package let generation: UInt64
    /// Limits of the node that is served.
    package let limits: BlockLimits
    /// What clients may do.
    package let rights: Permissions
    /// Whether payloads may travel in pipes.
    package let movesPages: Bool
    /// Whether reads may be answered with a loan.
    package let lendsPages: Bool
    /// Requests that came by this path and are parked.
    package private(set) var parkedCount = 0

    private let root: Edge
    /// Who wants to know when no request is parked any more.
    private var waits: [IdleWait] = []

    init(generation: UInt64, limits: BlockLimits, rights: Permissions, root: Edge) {
        self.generation = generation
        self.limits = limits
        self.rights = rights
        self.root = root
        movesPages = root.movesPages
        lendsPages = root.lendsPages
    }

    /// Hands a request to the graph.
    @inline(__always)
    package func submit(_ request: BlockRequest) -> BlockStatus {
        request.slot.pointee.isParked = true
        let path = Unmanaged.passUnretained(self)
        request.slot.pointee.path = path
        parkedCount &+= 1
        let status = root.submit(request)
        guard !status.isParked else { return status }
        parkedCount &-= 1
        request.slot.pointee.path = nil
        request.slot.pointee.isParked = false
        if parkedCount == 0, !waits.isEmpty { becameIdle() }
        return status
    }

    /// The node that is served.
    var rootNode: Node { root.targetNode }

    /// Counts work that goes on though its request is answered.
    func workOutlives() { parkedCount &+= 1 }

    func requestFinished() {
        parkedCount -= 1
        if parkedCount == 0, !waits.isEmpty { becameIdle() }
    }

    /// Tells a wait once when no request of this path is parked.
    ///
    /// - Precondition: There is one now.
    func notifyWhenIdle(_ wait: IdleWait) { waits.append(wait) }

    /// Forgets a wait that has ended otherwise.
    func forget(_ wait: IdleWait) { waits.removeAll { $0 === wait } }

    private func becameIdle() {
        let ended = waits
        waits = []
        for wait in ended { wait.pathBecameIdle() }
    }
}
