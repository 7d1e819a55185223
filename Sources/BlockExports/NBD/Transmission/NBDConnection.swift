internal import BlockGraph
internal import CLinux
internal import Glibc
internal import RingLoop

/// A client in the transmission phase, on one loop.
///
/// ```
/// serving --DISC, end of input, breach--> ending --answered and sent--> over
/// serving, ending --socket error, time limit--> failed --nothing pending--> over
/// serving --leave()--> (nothing pending) --> over, and a passage goes to another loop
/// ```
/// Bytes come in chunks; each request in them takes a transfer and goes to the graph at once;
/// replies gather in a queue and go out together. Nothing is allocated on that way.
/// Confined to its loop's thread.
final class NBDConnection {
    /// Most requests in flight.
    static let requestCountMax = 128
    /// No further request is taken while payloads hold that many bytes.
    static let memoryBytesMax = 64 << 20
    /// Replies are sent when that many bytes have gathered, or the input is used up.
    static let gatheredBytes = 256 << 10
    /// No further request is taken while the client leaves that many bytes unread.
    static let unsentBytesMax = 4 << 20
    /// Payloads up to that length are received in a chunk, others in memory of their own.
    static let chunkPayloadBytesMax = 64 << 10
    /// Reads of at least that length travel in a pipe where the graph moves pages.
    static let pipeBytesMin: UInt32 = 64 << 10
    /// Writes of at least that length travel in a pipe where the graph moves pages.
    static let pipeWriteBytesMin: UInt32 = 256 << 10
    /// Most vectors in one message; the kernel takes 1024.
    static let vectorCount = 260
    /// How long a connection that ends may take to get its last replies.
    static let farewellNanoseconds: UInt64 = 10_000_000_000

    /// Where it is in its life.
    enum Phase {
        case serving
        case ending
        case failed
        case over
    }

    let fd: Int32
    let agreement: NBDAgreement
    let group: NBDConnectionGroup
    let loop: EventLoop
    let kernel: Kernel
    let buffers: BufferPool
    let counters: ExportCounters
    let requests: RequestPool
    let transfers: UnsafeMutablePointer<NBDTransfer>
    let vectors: UnsafeMutablePointer<iovec>
    let receiveTicket: UnsafeMutablePointer<KernelTicket>
    let pollTicket: UnsafeMutablePointer<KernelTicket>
    private let visit: NBDVisit
    private var hook: TurnHook?
    private var farewell: LoopTimer?
    private(set) var impatience: LoopTimer?
    private(set) lazy var share = NBDMemoryShare(self, budget: group.budget)

    var path: Unmanaged<IOPath>
    var terms: NBDTerms
    var phase = Phase.serving
    var isPaused: Bool
    var isShutDown = false
    var isLeaving = false
    /// When the pause began, and when the first request came that it holds up: in loop time, or 0.
    var pausedSinceNanoseconds: UInt64 = 0
    var heldSinceNanoseconds: UInt64

    var input = NBDInput()
    var replies = NBDReplyQueue()
    /// Replies in the queue whose bytes are lent; none when the loop does anything else.
    var lentCount = 0
    var pipes = NBDPipes()
    var scratch = NBDExtentScratch()
    /// Requests that the graph has.
    var parkedCount = 0
    /// Bytes of payload buffers, and how many of them the budget of all knows of.
    var memoryBytes = 0
    var grantedBytes = 0
    /// Whether the next command waits for memory, and what the last complaint of that said.
    var isAwaitingMemory = false
    var complaint: UInt64?
    /// When the client last took a reply, or began to send a payload; in loop time.
    var lastMoveNanoseconds: UInt64 = 0
    /// What came with the passage and is not in ``input`` yet.
    var backlog: ArraySlice<UInt8>

    /// Bytes that must lie in the chunk before the parser can go on.
    var wantedBytes = NBDCommand.headerBytes
    /// A write whose payload is being received into memory of its own, and how much has come.
    var body: UnsafeMutablePointer<NBDTransfer>?
    var bodyBytes = 0
    /// Whether the pipe of that payload took nothing although bytes were awaited and came.
    var hasAwaitedBody = false
    /// A refused write whose payload is being thrown away, why, and how much is left.
    var refused: UnsafeMutablePointer<NBDTransfer>?
    var refusal = NBDError.invalid
    var refusedBytes = 0
    /// Whether the next command is likely to be another large write.
    var expectsBody = false
    var isReceiving = false
    var isReceivingBody = false
    /// Whether the pending receive is a wait for bytes only.
    var isAwaitingBytes = false
    var isPolling = false

    /// Takes a client over; ``start()`` comes next.
    init(passage: NBDPassage, group: NBDConnectionGroup) {
        fd = passage.fd
        agreement = passage.agreement
        visit = passage.visit
        backlog = passage.input[...]
        heldSinceNanoseconds = passage.heldSinceNanoseconds
        self.group = group
        loop = group.loop
        kernel = group.loop.kernel
        buffers = group.buffers
        counters = group.port.counters
        path = Unmanaged.passUnretained(group.port.path)
        terms = NBDTerms(
            limits: group.port.path.limits,
            rights: group.port.path.rights,
            agreement: passage.agreement
        )
        isPaused = group.port.isPaused
        transfers = .allocate(capacity: Self.requestCountMax)
        vectors = .allocate(capacity: Self.vectorCount)
        receiveTicket = .allocate(capacity: 1)
        pollTicket = .allocate(capacity: 1)
        requests = RequestPool(
            capacity: Self.requestCountMax,
            completion: { raw in
                let slot = raw.assumingMemoryBound(to: RequestSlot.self)
                guard let owner = slot.pointee.owner else { return }
                Unmanaged<NBDConnection>.fromOpaque(owner)._withUnsafeGuaranteedRef {
                    $0.graphAnswered(slot)
                }
            },
            owner: nil
        )
        prepareCells()
        queuePassageOutput(passage.output)
    }

    private func prepareCells() {
        let address = Unmanaged.passUnretained(self).toOpaque()
        receiveTicket.initialize(
            to: KernelTicket(
                handler: { ticket, result in
                    guard let context = ticket.pointee.context else { return }
                    Unmanaged<NBDConnection>.fromOpaque(context)._withUnsafeGuaranteedRef {
                        $0.received(result)
                    }
                },
                context: address
            )
        )
        pollTicket.initialize(
            to: KernelTicket(
                handler: { ticket, result in
                    guard let context = ticket.pointee.context else { return }
                    Unmanaged<NBDConnection>.fromOpaque(context)._withUnsafeGuaranteedRef {
                        $0.becameWritable(result)
                    }
                },
                context: address
            )
        )
        hook = TurnHook(context: address) { context in
            guard let context else { return }
            Unmanaged<NBDConnection>.fromOpaque(context)._withUnsafeGuaranteedRef {
                $0.endTurn()
            }
        }
        farewell = LoopTimer(context: address) { context in
            guard let context else { return }
            Unmanaged<NBDConnection>.fromOpaque(context)._withUnsafeGuaranteedRef { $0.fail() }
        }
        impatience = LoopTimer(context: address) { context in
            guard let context else { return }
            Unmanaged<NBDConnection>.fromOpaque(context)._withUnsafeGuaranteedRef {
                $0.lostPatience()
            }
        }
        var taken: [BlockRequest] = []
        while let request = requests.take() {
            request.slot.pointee.owner = address
            request.slot.pointee.ownerIndex = Int32(taken.count)
            (transfers + taken.count).initialize(to: NBDTransfer(slot: request.slot))
            taken.append(request)
        }
        for request in taken.reversed() { requests.giveBack(request) }
    }

    deinit {
        input.deallocate()
        pipes.deallocate()
        scratch.deallocate()
        transfers.deallocate()
        vectors.deallocate()
        receiveTicket.deallocate()
        pollTicket.deallocate()
    }

    /// Begins to serve.
    func start() {
        group.budget.enter(share)
        if isPaused { pause() } else { countHeld() }
        proceed()
    }

    /// Asks for ``endTurn()`` once the turn's completions have been taken.
    @inline(__always)
    func wakeAtEndOfTurn() {
        if let hook { loop.atEndOfTurn(hook) }
    }

    private func endTurn() {
        flush()
        proceed()
    }

    // MARK: - Changes around it

    /// Takes the port's path as it is now.
    func pathChanged() {
        let newPath = group.port.path
        path = Unmanaged.passUnretained(newPath)
        terms = NBDTerms(limits: newPath.limits, rights: newPath.rights, agreement: agreement)
    }

    /// Answers what comes with `ESHUTDOWN` and closes; the port must not be used any more.
    func shutDown() {
        guard phase == .serving, !isShutDown else { return }
        isShutDown = true
        isPaused = false
        if isReceiving { kernel.cancel(receiveTicket) } else { proceed() }
    }

    /// Stops as soon as nothing is pending and gives the client to the export's next port.
    func leave() {
        guard phase == .serving, !isLeaving else { return }
        isLeaving = true
        isPaused = true
        if isReceiving { kernel.cancel(receiveTicket) }
        if isPolling { kernel.cancel(pollTicket) }
        settle()
    }

    // MARK: - The end

    /// Ends the conversation after what was asked is answered.
    func end() {
        guard phase == .serving else { return }
        phase = .ending
        if let farewell {
            loop.addTimer(farewell, atNanoseconds: loop.nowNanoseconds + Self.farewellNanoseconds)
        }
        group.clientEnds(self)
    }

    /// Breaks the connection off.
    func fail() {
        guard phase == .serving || phase == .ending else { return }
        phase = .failed
        _ = clinux_shutdown(fd)
        if isReceiving { kernel.cancel(receiveTicket) }
        if isPolling { kernel.cancel(pollTicket) }
        wakeAtEndOfTurn()
    }

    /// Comes to the end, or leaves, when nothing is pending any more.
    func settle() {
        guard parkedCount == 0, !isReceiving, !isPolling, hook?.isQueued != true else {
            // One that ends does not wait for a client that says nothing.
            if phase == .ending, isReceiving { kernel.cancel(receiveTicket) }
            return
        }
        switch phase {
        case .serving:
            guard isLeaving else { return }
            let passage = NBDPassage(
                fd: fd,
                agreement: agreement,
                visit: visit,
                input: remainingInput(),
                output: remainingOutput(),
                heldSinceNanoseconds: pausedSinceNanoseconds > 0 && heldSinceNanoseconds == 0
                    ? loop.nowNanoseconds : heldSinceNanoseconds
            )
            retire()
            visit.export.deliver(passage)
        case .ending:
            guard replies.first == nil else { return }
            retire()
            _ = clinux_close(fd)
        case .failed:
            retire()
            _ = clinux_close(fd)
        case .over: return
        }
    }

    private func retire() {
        phase = .over
        if let farewell { loop.cancelTimer(farewell) }
        while let transfer = replies.drop() { release(transfer, isSent: false) }
        if let body { release(body, isSent: false) }
        if let refused { release(refused, isSent: false) }
        body = nil
        refused = nil
        stopWaitingForMemory()
        balanceMemory()
        group.budget.leave(share)
        group.bury(self)
    }
}
