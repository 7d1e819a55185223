internal import RingLoop

/// One blocking request.
// Not checked, because it holds a pointer: while the request is under way only the loop touches the
// memory and `status`, and then it says that it is answered.
final class AccessCall: @unchecked Sendable {
    let operation: BlockOperation
    let offsetBytes: UInt64
    let lengthBytes: UInt64
    /// Memory of its own: a request that nobody waits for any more may still use it.
    let buffer: UnsafeMutableRawBufferPointer?
    fileprivate var status = BlockStatus.parked
    fileprivate var occurrence: Occurrence?

    init(
        _ operation: BlockOperation,
        offsetBytes: UInt64,
        lengthBytes: UInt64,
        hasBuffer: Bool
    ) {
        self.operation = operation
        self.offsetBytes = offsetBytes
        self.lengthBytes = lengthBytes
        buffer =
            hasBuffer
            ? .allocate(byteCount: Int(lengthBytes), alignment: Self.alignmentBytes) : nil
    }

    /// What any device takes, also without the page cache.
    private static let alignmentBytes = 4096

    deinit { buffer?.deallocate() }

    /// Whether it was answered; any thread.
    fileprivate var isAnswered: Bool { occurrence?.hasHappened ?? true }

    fileprivate func answer(_ status: BlockStatus) {
        self.status = status
        occurrence?.happen()
    }
}

/// Views of some nodes on a loop that serves nobody else, and a slot for one request at a time.
// Not checked: `nodes`, `edges`, `pool` and `taken` are touched on the loop's thread only, but for the end,
// when the loop holds no request any more; `stuck` by the control plane only, one call at a time.
final class AccessStage: @unchecked Sendable {
    /// A view to be made, children before their parents.
    struct View: Sendable {
        let identity: NodeIdentity
        let node: any OpenNode
        let ends: [(edge: String, child: NodeIdentity)]
    }

    private let loop: EventLoop
    private let patience: AccessPatience
    /// The request that was not answered in time.
    private var stuck: AccessCall?
    private var nodes: [NodeIdentity: Node] = [:]
    private var edges: [String: Edge] = [:]
    private var pool: RequestPool?
    /// The request of the last call.
    private var taken: BlockRequest?

    /// A stage without nodes.
    init(loop: EventLoop, patience: AccessPatience) {
        self.loop = loop
        self.patience = patience
    }

    /// Whether a request is under way that nobody waits for.
    var isBusy: Bool { stuck?.isAnswered == false }

    /// Makes the views and the edges to some of them.
    func build(_ views: [View], top: [(edge: String, child: NodeIdentity)]) throws(GraphError) {
        try onLoop { [self] in
            for view in views {
                let ends = view.ends.compactMap { end in
                    nodes[end.child].map { Edge(name: end.edge, target: $0) }
                }
                let driver = view.node.makeDriver(in: DriverContext(loop: loop, edges: ends))
                nodes[view.identity] = Node(identity: view.identity, driver: driver, edges: ends)
            }
            for end in top {
                if let node = nodes[end.child] {
                    edges[end.edge] = Edge(name: end.edge, target: node)
                }
            }
            pool = RequestPool(
                capacity: 1,
                completion: { address in
                    let slot = address.assumingMemoryBound(to: RequestSlot.self)
                    guard let owner = slot.pointee.owner else { return }
                    Unmanaged<AccessCall>.fromOpaque(owner).takeRetainedValue()
                        .answer(slot.pointee.status)
                },
                owner: nil
            )
        }
    }

    /// Makes a request and waits for its answer.
    ///
    /// - Returns: 0, or a positive Linux error number: ``timedOut`` when there is none in time.
    func perform(_ call: AccessCall, on edge: String) -> Int32 {
        guard stuck == nil else { return Self.timedOut }
        do throws(GraphError) {
            let occurrence = try makeOccurrence()
            call.occurrence = occurrence
            let isAlive = loop.post { [self] in submit(call, on: edge) }
            guard isAlive else { return 5 }
            guard occurrence.wait(until: patience.end) else {
                stuck = call
                return Self.timedOut
            }
            return call.status.errorNumber
        } catch {
            return 5
        }
    }

    /// `ETIMEDOUT`.
    private static let timedOut: Int32 = 110

    /// Drops the views, on their own thread, where their timers are.
    func takeDown() {
        // A loop that has ended holds nothing.
        try? onLoop { [self] in
            giveBack()
            edges = [:]
            nodes = [:]
            pool = nil
        }
    }

    private func submit(_ call: AccessCall, on edge: String) {
        giveBack()
        guard let edge = edges[edge], let request = pool?.take() else {
            return call.answer(.failed(5))
        }
        taken = request
        let slot = request.slot
        slot.pointee.operation = call.operation
        slot.pointee.flags = []
        slot.pointee.offsetBytes = call.offsetBytes
        slot.pointee.lengthBytes = call.lengthBytes
        slot.pointee.buffer = call.buffer?.baseAddress
        slot.pointee.pipe = -1
        let owner = Unmanaged.passRetained(call)
        slot.pointee.owner = owner.toOpaque()
        slot.pointee.isParked = true
        let status = edge.submit(request)
        guard !status.isParked else { return }
        owner.release()
        slot.pointee.isParked = false
        call.answer(status)
    }

    private func giveBack() {
        guard let request = taken else { return }
        taken = nil
        pool?.giveBack(request)
    }

    private func onLoop(_ body: @escaping @Sendable () -> Void) throws(GraphError) {
        let occurrence = try makeOccurrence()
        guard
            loop.post({
                body()
                occurrence.happen()
            })
        else { return }
        occurrence.wait()
    }

    private func makeOccurrence() throws(GraphError) -> Occurrence {
        do throws(SystemError) {
            return try Occurrence()
        } catch {
            throw GraphError(
                code: .openFailed,
                object: "iothread/sluice-access",
                reason: error.sentence
            )
        }
    }
}
