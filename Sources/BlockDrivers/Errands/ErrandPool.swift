internal import BlockGraph
internal import RingLoop

/// The errands of one view: made when first needed, kept for the next request, and limited.
///
/// Requests beyond the limit wait in the order in which they came. Confined to its loop's thread.
final class ErrandPool {
    /// Most errands that one view runs at a time.
    static let countMax = 256
    /// Memory that one view keeps for later errands, in bytes.
    private static let keptBytesMax = 4 << 20

    unowned(unsafe) let runner: any ErrandRunner
    let loop: EventLoop
    /// Requests that one errand sends at a time.
    let slotCount: Int
    let buffers = BufferPool(cachedBytesMax: ErrandPool.keptBytesMax)
    private var all: [Errand] = []
    private var free: Errand?
    private var waiting = RequestQueue()
    /// The request that is being started, and its answer if it has one at once.
    private var starting: BlockRequest?
    private var startStatus = BlockStatus.parked

    /// A pool without errands.
    ///
    /// - Parameters:
    ///   - runner: Who takes their steps; it owns the pool.
    ///   - slotCount: Requests that one errand sends at a time.
    ///   - loop: The view's loop.
    init(runner: any ErrandRunner, slotCount: Int, loop: EventLoop) {
        self.runner = runner
        self.slotCount = slotCount
        self.loop = loop
    }

    deinit {
        // The list of free ones is a chain of references; long ones are not to end in recursion.
        while let errand = free {
            free = errand.nextFree
            errand.nextFree = nil
        }
    }

    /// Runs an errand for a request; the answer is the driver's to `submit`.
    func start(_ request: BlockRequest) -> BlockStatus {
        guard let errand = take() else {
            waiting.append(request)
            return .parked
        }
        let (outer, outerStatus) = (starting, startStatus)
        defer { (starting, startStatus) = (outer, outerStatus) }
        (starting, startStatus) = (request, .parked)
        errand.begin(request)
        return startStatus
    }

    /// Takes an errand back whose work is done, and answers its request; `.parked` hands it on.
    func ended(_ errand: Errand, _ request: BlockRequest?, _ answer: BlockStatus) {
        errand.nextFree = free
        free = errand
        guard let request else { return serveWaiting() }
        let isStarting = starting?.slot == request.slot
        if isStarting { starting = nil }
        let status = answer.isParked ? runner.handOn(request) : answer
        if isStarting {
            startStatus = status
        } else if !status.isParked {
            request.finish(status)
        }
        serveWaiting()
    }

    private func take() -> Errand? {
        if let errand = free {
            free = errand.nextFree
            errand.nextFree = nil
            return errand
        }
        guard all.count < Self.countMax else { return nil }
        let errand = Errand(pool: self)
        all.append(errand)
        return errand
    }

    private func serveWaiting() {
        while free != nil, let request = waiting.popFirst() {
            let status = start(request)
            if !status.isParked { request.finish(status) }
        }
    }
}
