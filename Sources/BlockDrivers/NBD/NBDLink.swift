internal import BlockGraph
internal import CLinux
internal import Glibc
internal import RingLoop

/// One loop's connection to a server, made anew when it is lost.
///
/// ```
/// disconnected --request--> connecting --> shaking --> ready
/// connecting, shaking, ready --failure--> failing --nothing in the kernel--> pausing or connecting
/// pausing --> connecting, until the server is back or the view goes
/// ```
/// Requests gather in ``waiting`` and go out together at the end of the turn. While operations are
/// in the kernel the link keeps itself alive. Nothing is received while nothing is asked, so that
/// an idle connection can be handed on. Confined to its loop's thread.
final class NBDLink {
    /// Most commands that the server has at a time.
    static let depth = 128
    static let inputBytes = 256 << 10
    /// Reads that lack more than that are received into their own memory.
    static let directBytesMin = 32 << 10
    static let zeroBytes = 1 << 20
    /// Pause between two attempts while requests wait, and while none may.
    static let pauseNanoseconds: UInt64 = 100_000_000
    static let idlePauseNanoseconds: UInt64 = 1_000_000_000
    /// How long requests wait for a first connection; how long one of several addresses is tried.
    static let patienceNanoseconds: UInt64 = 3_000_000_000
    /// With so many lost connections a request fails; counted above its operation and flags.
    static let triesMax: UInt64 = 5
    static let oneTry: UInt64 = 1 << 32
    /// Most errors that one command may be told.
    static let errorsMax: UInt16 = 1024

    enum Phase { case disconnected, connecting, shaking, ready, failing, pausing, over }
    enum Expectation { case reply, data, skip, extents }

    let node: OpenNBDClient
    let loop: EventLoop
    let kernel: Kernel
    let pendings: UnsafeMutablePointer<NBDPending>
    let headers: UnsafeMutableRawPointer
    let vectors: UnsafeMutablePointer<iovec>
    let message: UnsafeMutablePointer<msghdr>
    let batch: UnsafeMutablePointer<Int32>
    let input: UnsafeMutableRawPointer
    let sendTicket: UnsafeMutablePointer<KernelTicket>
    let receiveTicket: UnsafeMutablePointer<KernelTicket>
    private var zeroMemory: UnsafeMutableRawPointer?
    private var hook: TurnHook?
    var timer: LoopTimer?

    var phase = Phase.disconnected
    var fd: Int32 = -1
    var terms: NBDServerTerms
    var rules: NodeRules
    var waiting = RequestQueue()
    var freeFirst: Int32 = 0
    var usedCount = 0
    var cookieNext: UInt64 = 1
    var isSending = false
    var isReceiving = false
    var isParsing = false
    var isLoopEnding = false
    /// Whether the server was not there when it was last looked for.
    var isLost = false {
        didSet { if isLost != oldValue { node.countLost(isLost ? 1 : -1) } }
    }
    /// Whether anything was written, on this loop or where the node was before.
    var hasWritten: Bool
    private var keeper: Unmanaged<NBDLink>?

    // Sending: commands of the message, and what is left of it.
    var batchCount = 0
    var vectorCount = 0
    var vectorFirst = 0

    // Receiving: what lies in the input, and what comes next.
    var inputStart = 0
    var inputEnd = 0
    var expectation = Expectation.reply
    var current = 0
    var isLastChunk = false
    var body: UnsafeMutableRawPointer?
    var bodyBytes = 0
    var isDirect = false

    // Connecting.
    var negotiation: NBDNegotiation?
    var greetingBytes = 0
    var handshake: [UInt8] = []
    var addressNext = 0
    /// Addresses that were tried without a pause.
    var addressesTried = 0
    var attemptDeadline: UInt64 = 0
    var pauseDeadline: UInt64 = 0
    /// When the loss was noticed since which no request was answered: the delay begins there.
    var lossNanoseconds: UInt64?
    /// Until when requests wait for the attempt that is made for them, whatever the delay.
    var patienceEnd: UInt64 = 0
    /// Whether what failed last was a connection whose handshake was over.
    var wasServing = false
    /// Whether a loss may only mean that the connection had died while nobody used it.
    var mayBeStale = false
    /// Whether this connection has answered anything: only then does a loss start the delay anew.
    var hasServed = false

    init(node: OpenNBDClient, loop: EventLoop) {
        self.node = node
        self.loop = loop
        kernel = loop.kernel
        terms = node.terms
        rules = node.currentSettings.rules
        hasWritten = node.wasWritten
        pendings = .allocate(capacity: Self.depth)
        pendings.initialize(repeating: NBDPending(), count: Self.depth)
        for index in 0..<Self.depth {
            pendings[index].nextFree = index + 1 < Self.depth ? Int32(index + 1) : -1
        }
        headers = .allocate(byteCount: Self.depth * NBDWire.requestBytes, alignment: 8)
        vectors = .allocate(capacity: 2 * Self.depth)
        vectors.initialize(repeating: iovec(), count: 2 * Self.depth)
        message = .allocate(capacity: 1)
        message.initialize(to: msghdr())
        batch = .allocate(capacity: Self.depth)
        batch.initialize(repeating: 0, count: Self.depth)
        input = .allocate(byteCount: Self.inputBytes, alignment: 4096)
        sendTicket = .allocate(capacity: 1)
        receiveTicket = .allocate(capacity: 1)
        prepareCells()
    }

    deinit {
        if let timer, timer.isArmed { loop.cancelTimer(timer) }
        if fd >= 0 { close(fd) }
        pendings.deallocate()
        headers.deallocate()
        vectors.deallocate()
        message.deallocate()
        batch.deallocate()
        input.deallocate()
        sendTicket.deallocate()
        receiveTicket.deallocate()
        zeroMemory?.deallocate()
    }

    private func prepareCells() {
        let address = Unmanaged.passUnretained(self).toOpaque()
        sendTicket.initialize(
            to: KernelTicket(
                handler: { ticket, result in
                    guard let context = ticket.pointee.context else { return }
                    let link = Unmanaged<NBDLink>.fromOpaque(context).takeUnretainedValue()
                    link.isSending = false
                    link.sent(result)
                    link.letGoWhenQuiet()
                },
                context: address
            )
        )
        receiveTicket.initialize(
            to: KernelTicket(
                handler: { ticket, result in
                    guard let context = ticket.pointee.context else { return }
                    let link = Unmanaged<NBDLink>.fromOpaque(context).takeUnretainedValue()
                    link.isReceiving = false
                    link.received(result)
                    link.letGoWhenQuiet()
                },
                context: address
            )
        )
        hook = TurnHook(context: address) { context in
            guard let context else { return }
            let link = Unmanaged<NBDLink>.fromOpaque(context).takeUnretainedValue()
            link.pump()
            link.letGoWhenQuiet()
        }
        timer = LoopTimer(context: address) { context in
            guard let context else { return }
            let link = Unmanaged<NBDLink>.fromOpaque(context).takeUnretainedValue()
            link.timerFired()
        }
    }

    /// Stays alive while the kernel or the turn's end will call.
    func keepAlive() {
        if keeper == nil { keeper = .passRetained(self) }
    }

    private func letGoWhenQuiet() {
        guard !isSending, !isReceiving, hook?.isQueued != true, let keeper else { return }
        self.keeper = nil
        keeper.release()
    }

    /// Has what waits looked at when the turn ends.
    func schedulePump() {
        guard let hook, !hook.isQueued else { return }
        keepAlive()
        loop.atEndOfTurn(hook)
    }

    /// Zeroes for servers that cannot write them by command.
    var zeroes: UnsafeMutableRawPointer {
        if let zeroMemory { return zeroMemory }
        let memory = UnsafeMutableRawPointer.allocate(byteCount: Self.zeroBytes, alignment: 4096)
        memset(memory, 0, Self.zeroBytes)
        zeroMemory = memory
        return memory
    }

    /// The view goes: hands an idle connection back, closes any other.
    ///
    /// No client has a request here then; a flush of the control plane may be, for which nobody
    /// waits any more.
    func abandon() {
        if let timer { loop.cancelTimer(timer) }
        let isIdle =
            phase == .ready && usedCount == 0 && waiting.isEmpty && !isSending
            && !isReceiving && !isParsing && inputStart == inputEnd
        if isIdle {
            node.keep(NBDConnected(fd: fd, terms: terms))
            fd = -1
        } else if fd >= 0 {
            _ = clinux_shutdown(fd)
            if isReceiving { kernel.cancel(receiveTicket) }
            if isSending { kernel.cancel(sendTicket) }
        }
        phase = .over
        isLost = false
        answerFlushes()
    }
}
