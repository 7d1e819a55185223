internal import BlockGraph
internal import CLinux
internal import Glibc
internal import RingLoop

/// One client's handshake on a socket: moves bytes, keeps the deadline, passes the client on.
///
/// A client that says nothing costs a descriptor, a timer and some hundred bytes.
/// Confined to its loop's thread.
final class NBDHandshakeSession {
    /// How long a client may take until it is served.
    static let deadlineNanoseconds: UInt64 = 10_000_000_000
    /// Bytes that are received at a time.
    private static let receiveBytes = 4096

    private let fd: Int32
    private let admission: NBDAdmission
    private let reception: NBDReception
    private let loop: EventLoop
    private let ticket: UnsafeMutablePointer<KernelTicket>
    private var timer: LoopTimer?

    private var handshake = NBDHandshake()
    private var input: [UInt8] = []
    private var output: [UInt8] = NBDHandshake.greeting
    private var sentCount = 0
    private var nextStep = NBDHandshake.Step.reply
    private var visit: NBDVisit?
    private var isPolling = false
    private var isOver = false

    /// Takes a client's descriptor over.
    init(fd: Int32, admission: NBDAdmission, reception: NBDReception) {
        self.fd = fd
        self.admission = admission
        self.reception = reception
        loop = reception.loop
        ticket = .allocate(capacity: 1)
        let address = Unmanaged.passUnretained(self).toOpaque()
        ticket.initialize(
            to: KernelTicket(
                handler: { ticket, result in
                    guard let context = ticket.pointee.context else { return }
                    // The pending poll held a reference.
                    Unmanaged<NBDHandshakeSession>.fromOpaque(context).takeRetainedValue()
                        .becameReady(result)
                },
                context: address
            )
        )
        timer = LoopTimer(context: address) { context in
            guard let context else { return }
            Unmanaged<NBDHandshakeSession>.fromOpaque(context)._withUnsafeGuaranteedRef {
                $0.end()
            }
        }
    }

    deinit { ticket.deallocate() }

    /// Greets the client.
    func start() {
        if let timer {
            loop.addTimer(timer, atNanoseconds: loop.nowNanoseconds + Self.deadlineNanoseconds)
        }
        goOn()
    }

    /// Breaks the handshake off.
    func end() {
        guard !isOver else { return }
        finish()
        _ = clinux_shutdown(fd)
        // The descriptor must stay until the kernel lets go of it.
        if isPolling { loop.kernel.cancel(ticket) } else { _ = clinux_close(fd) }
    }

    private func finish() {
        isOver = true
        if let timer { loop.cancelTimer(timer) }
        withExtendedLifetime(self) { reception.ended(self) }
    }

    private func becameReady(_ result: Int32) {
        isPolling = false
        guard !isOver else {
            _ = clinux_close(fd)
            return
        }
        guard result >= 0 else { return end() }
        goOn()
    }

    private func goOn() {
        while !isOver {
            guard send() else { return }
            switch nextStep {
            case .reply:
                nextStep = handshake.advance(
                    input: &input,
                    output: &output,
                    catalogue: reception.catalogue
                )
                // It counts as a client before it knows, so that nobody is cut off unseen.
                if case .enter(let agreement) = nextStep { admit(agreement) }
            case .needsInput:
                guard receive() else { return }
                nextStep = .reply
            case .enter(let agreement): passOn(agreement)
            case .end: end()
            }
        }
    }

    /// Sends the output; false when the rest must wait or the client has gone.
    private func send() -> Bool {
        while sentCount < output.count {
            let result = output.withUnsafeBytes { bytes in
                bytes.baseAddress.map {
                    clinux_send_nowait(fd, $0 + sentCount, bytes.count - sentCount, 0)
                } ?? 0
            }
            guard result > 0 else {
                if result == -Int(EAGAIN) { poll(UInt32(CLINUX_POLL_OUT)) } else { end() }
                return false
            }
            sentCount += result
        }
        output.removeAll(keepingCapacity: false)
        sentCount = 0
        return true
    }

    /// Receives some bytes; false when there are none yet or the client has gone.
    private func receive() -> Bool {
        var result = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: Self.receiveBytes) { room, count in
            guard let start = room.baseAddress else { return }
            result = clinux_recv_nowait(fd, start, room.count)
            count = max(0, result)
        }
        guard result > 0 else {
            if result == -Int(EAGAIN) { poll(UInt32(CLINUX_POLL_IN)) } else { end() }
            return false
        }
        input += bytes
        return true
    }

    private func poll(_ events: UInt32) {
        isPolling = true
        _ = Unmanaged.passRetained(self)
        loop.kernel.poll(fd: fd, events: events, ticket: ticket)
    }

    private func admit(_ agreement: NBDAgreement) {
        guard let export = reception.catalogue.handler(agreement.exportKey) else { return }
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let client = ExportClient(
            peer: reception.isTCP ? NBDSocket.peer(fd) : "unix",
            sinceUnixSeconds: Int64(now.tv_sec)
        )
        visit = export.admit(client, admission: admission)
    }

    private func passOn(_ agreement: NBDAgreement) {
        guard let visit else { return end() }
        NBDSocket.tune(fd, isTCP: reception.isTCP)
        let passage = NBDPassage(fd: fd, agreement: agreement, visit: visit, input: input)
        self.visit = nil
        finish()
        visit.export.deliver(passage)
    }
}
