internal import CLinux
internal import Glibc
internal import RingLoop

/// A listener's work on its loop: accepts clients and holds their handshakes.
// Not checked: after it is made, everything in it is touched by its loop's thread alone.
final class NBDReception: @unchecked Sendable {
    /// How long to wait when the system has no descriptor for one more client.
    private static let retryNanoseconds: UInt64 = 100_000_000

    let loop: EventLoop
    let catalogue: ExportDirectory.View
    let isTCP: Bool
    private let fd: Int32
    private let door: NBDDoor
    private let ticket: UnsafeMutablePointer<KernelTicket>
    private var retry: LoopTimer?
    private var handshakes: [ObjectIdentifier: NBDHandshakeSession] = [:]
    private var isAccepting = false
    private var isClosed = false

    /// Takes the descriptor of a socket that listens.
    init(
        fd: Int32,
        loop: EventLoop,
        door: NBDDoor,
        catalogue: ExportDirectory.View,
        isTCP: Bool
    ) {
        self.fd = fd
        self.loop = loop
        self.door = door
        self.catalogue = catalogue
        self.isTCP = isTCP
        ticket = .allocate(capacity: 1)
        let address = Unmanaged.passUnretained(self).toOpaque()
        ticket.initialize(
            to: KernelTicket(
                handler: { ticket, result in
                    guard let context = ticket.pointee.context else { return }
                    // The pending accept held a reference.
                    let reception = Unmanaged<NBDReception>.fromOpaque(context)
                        .takeRetainedValue()
                    reception.accepted(result)
                },
                context: address
            )
        )
        retry = LoopTimer(context: address) { context in
            guard let context else { return }
            Unmanaged<NBDReception>.fromOpaque(context).takeRetainedValue().acceptNext()
        }
    }

    deinit { ticket.deallocate() }

    /// Waits for one client.
    func acceptNext() {
        guard !isClosed, !isAccepting else { return }
        isAccepting = true
        _ = Unmanaged.passRetained(self)
        kernelAccept()
    }

    private func kernelAccept() { loop.kernel.accept(fd: fd, ticket: ticket) }

    private func accepted(_ result: Int32) {
        isAccepting = false
        guard !isClosed else {
            if result >= 0 { _ = clinux_close(result) }
            _ = clinux_close(fd)
            return
        }
        switch result {
        case 0...: greet(result)
        case -EMFILE, -ENFILE, -ENOMEM, -ENOBUFS:
            if let retry, !retry.isArmed {
                _ = Unmanaged.passRetained(self)
                loop.addTimer(
                    retry,
                    atNanoseconds: loop.nowNanoseconds + Self.retryNanoseconds
                )
            }
            return
        case -ECANCELED, -EBADF, -EINVAL: return
        default: break
        }
        acceptNext()
    }

    private func greet(_ client: Int32) {
        guard ClientDescriptors.may(client), let admission = door.admit() else {
            _ = clinux_close(client)
            return
        }
        let session = NBDHandshakeSession(fd: client, admission: admission, reception: self)
        handshakes[ObjectIdentifier(session)] = session
        session.start()
    }

    /// Forgets a handshake that is over.
    func ended(_ session: NBDHandshakeSession) {
        handshakes[ObjectIdentifier(session)] = nil
    }

    /// Stops: no client is accepted any more, and handshakes end.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        for session in handshakes.values { session.end() }
        if let retry, retry.isArmed {
            loop.cancelTimer(retry)
            Unmanaged.passUnretained(self).release()
        }
        if isAccepting {
            loop.kernel.cancel(ticket)
        } else {
            _ = clinux_close(fd)
        }
    }
}
