package import CLinux
internal import Glibc

/// The seam to the kernel: queues operations, which all go to it in one call at the turn's end.
///
/// Every function may be called on the loop's thread only and never fails: when the submission
/// queue is full, what is in it is submitted first. The outcome, with every error, comes to the
/// ticket's handler, never before the function has returned. Buffers, vectors, messages and
/// tickets must stay in place until then.
///
/// It is a pointer, not an object: reaching it through the loop counts no reference. The loop owns
/// what it points to.
package struct Kernel {
    private let ring: UnsafeMutablePointer<clinux_ring>

    /// Fewest entries with which a ring is still tried where memory is limited.
    private static let entryCountMin = 32

    /// Makes a ring that is not enabled yet.
    ///
    /// Ordinary users may lock little memory, which all their rings share. Where a ring does not
    /// fit, a smaller one serves, at the price of more calls.
    init(entryCount: Int) throws(SystemError) {
        ring = .allocate(capacity: 1)
        var entries = entryCount
        var result = clinux_ring_open(ring, UInt32(entries))
        while result == -ENOMEM, entries / 2 >= Self.entryCountMin {
            entries /= 2
            result = clinux_ring_open(ring, UInt32(entries))
        }
        guard result == 0 else {
            ring.deallocate()
            throw Self.refusal(number: -result)
        }
    }

    /// Reads into a buffer; the result is the number of bytes, 0 at the end of the file.
    package func read(
        fd: Int32,
        buffer: UnsafeMutableRawPointer,
        length: Int,
        offset: UInt64,
        ticket: UnsafeMutablePointer<KernelTicket>
    ) {
        clinux_queue_read(ring, fd, buffer, UInt32(length), offset, ticket)
    }

    /// Writes a buffer; `flags` are the `RWF_` flags of one write.
    package func write(
        fd: Int32,
        buffer: UnsafeRawPointer,
        length: Int,
        offset: UInt64,
        flags: Int32 = 0,
        ticket: UnsafeMutablePointer<KernelTicket>
    ) {
        clinux_queue_write(ring, fd, buffer, UInt32(length), offset, flags, ticket)
    }

    /// Reads into several buffers.
    package func readv(
        fd: Int32,
        vectors: UnsafePointer<iovec>,
        count: Int,
        offset: UInt64,
        ticket: UnsafeMutablePointer<KernelTicket>
    ) {
        clinux_queue_readv(ring, fd, vectors, UInt32(count), offset, ticket)
    }

    /// Writes several buffers; `flags` are the `RWF_` flags of one write.
    package func writev(
        fd: Int32,
        vectors: UnsafePointer<iovec>,
        count: Int,
        offset: UInt64,
        flags: Int32 = 0,
        ticket: UnsafeMutablePointer<KernelTicket>
    ) {
        clinux_queue_writev(ring, fd, vectors, UInt32(count), offset, flags, ticket)
    }

    /// Makes what was written durable: fdatasync or fsync.
    package func sync(fd: Int32, dataOnly: Bool, ticket: UnsafeMutablePointer<KernelTicket>) {
        clinux_queue_fsync(ring, fd, dataOnly ? 1 : 0, ticket)
    }

    /// Allocates, punches or zeroes a range: fallocate with its `mode`.
    package func allocate(
        fd: Int32,
        mode: Int32,
        offset: UInt64,
        length: UInt64,
        ticket: UnsafeMutablePointer<KernelTicket>
    ) {
        clinux_queue_fallocate(ring, fd, mode, offset, length, ticket)
    }

    /// Receives from a socket; the result is the number of bytes, 0 when the peer has closed.
    package func receive(
        fd: Int32,
        buffer: UnsafeMutableRawPointer,
        length: Int,
        flags: Int32 = 0,
        ticket: UnsafeMutablePointer<KernelTicket>
    ) {
        clinux_queue_recv(ring, fd, buffer, length, flags, ticket)
    }

    /// Sends to a socket; `MSG_NOSIGNAL` is always added.
    package func send(
        fd: Int32,
        buffer: UnsafeRawPointer,
        length: Int,
        flags: Int32 = 0,
        ticket: UnsafeMutablePointer<KernelTicket>
    ) {
        clinux_queue_send(
            ring,
            fd,
            buffer,
            length,
            flags | CLINUX_MSG_NOSIGNAL,
            ticket
        )
    }

    /// Sends a message of several buffers; `MSG_NOSIGNAL` is always added.
    package func sendMessage(
        fd: Int32,
        message: UnsafePointer<msghdr>,
        flags: Int32 = 0,
        ticket: UnsafeMutablePointer<KernelTicket>
    ) {
        let all = UInt32(bitPattern: flags | CLINUX_MSG_NOSIGNAL)
        clinux_queue_sendmsg(ring, fd, message, all, ticket)
    }

    /// Accepts a connection; the result is its descriptor, close-on-exec and not blocking.
    package func accept(fd: Int32, ticket: UnsafeMutablePointer<KernelTicket>) {
        clinux_queue_accept(ring, fd, ticket)
    }

    /// Waits once for `POLL` events; the result is the events that were met.
    package func poll(fd: Int32, events: UInt32, ticket: UnsafeMutablePointer<KernelTicket>) {
        clinux_queue_poll(ring, fd, events, ticket)
    }

    /// Moves bytes between a pipe and another descriptor; an offset of -1 means none.
    package func splice(
        in source: Int32,
        offsetIn: Int64,
        out destination: Int32,
        offsetOut: Int64,
        length: Int,
        flags: UInt32,
        ticket: UnsafeMutablePointer<KernelTicket>
    ) {
        clinux_queue_splice(
            ring,
            source,
            offsetIn,
            destination,
            offsetOut,
            UInt32(length),
            flags,
            ticket
        )
    }

    /// Cancels a pending operation; its ticket gets `-ECANCELED`, or its result when it is late.
    package func cancel(_ ticket: UnsafeMutablePointer<KernelTicket>) {
        clinux_queue_cancel(ring, ticket)
    }

    /// Does nothing, and completes.
    package func nop(ticket: UnsafeMutablePointer<KernelTicket>) {
        clinux_queue_nop(ring, ticket)
    }

    /// Operations that have not completed, those of the loop itself included.
    package var inFlightCount: Int { Int(ring.pointee.in_flight) }

    /// Calls into the kernel since the start, for measurements.
    package var enterCount: UInt64 { ring.pointee.enters }

    /// The flags with which the kernel accepted the ring, for reports.
    package var setupFlags: UInt32 { ring.pointee.setup_flags }
}

// What the loop alone calls, once a turn.
extension Kernel {
    /// Binds the ring to the calling thread.
    func enable() throws(SystemError) {
        try SystemError.check(clinux_ring_enable(ring), "io_uring_register")
    }

    /// Ends the ring, on its thread if it was enabled.
    func close() { clinux_ring_close(ring) }

    /// Frees what it points to, after the end.
    func deallocate() {
        clinux_ring_close(ring)
        ring.deallocate()
    }

    /// Cancels everything that is pending.
    func cancelAll() { clinux_queue_cancel_all(ring) }

    /// Calls the handlers of all completions that have arrived.
    func dispatchCompletions() {
        var completion = clinux_completion()
        // Those that arrive meanwhile wait for the next turn, so that hooks get their chance.
        var remaining = clinux_ring_ready(ring)
        while remaining > 0, clinux_ring_take(ring, &completion) != 0 {
            remaining -= 1
            guard let ticket = completion.ticket else { continue }
            ticket.pointee.raw_handler(ticket, completion.result)
        }
        precondition(clinux_ring_lost(ring) == 0, "the kernel lost completions: no memory")
    }

    /// Whether completions have arrived that are not dispatched.
    var hasCompletions: Bool { clinux_ring_ready(ring) > 0 }

    /// Submits what is queued; waits for a completion unless some are there already.
    ///
    /// - Parameter timeoutNanoseconds: 0 does not wait, a negative one waits for ever.
    func submit(waitingNanoseconds timeoutNanoseconds: Int64) {
        let waits = timeoutNanoseconds != 0 && clinux_ring_ready(ring) == 0
        let result = clinux_ring_enter(ring, waits ? 1 : 0, timeoutNanoseconds)
        // Short of memory or of room for completions: this turn's completions make room.
        guard result < 0, result != -EAGAIN, result != -EBUSY else { return }
        preconditionFailure("io_uring_enter failed: \(SystemError.words(of: result))")
    }

    /// The ring, for a simulation.
    var pointer: UnsafeMutablePointer<clinux_ring> { ring }

    /// Has a function called instead of the kernel.
    func install(
        _ enter: @escaping @convention(c) (UnsafeMutableRawPointer?, Int32, Int64) -> Int32,
        context: UnsafeMutableRawPointer
    ) {
        ring.pointee.simulated_context = context
        ring.pointee.simulated_enter = enter
    }

    private static func refusal(number: Int32) -> SystemError {
        let remedy =
            switch number {
            case ENOSYS, EPERM, EACCES:
                "this kernel or its container does not allow io_uring; "
                    + "look at /proc/sys/kernel/io_uring_disabled and the seccomp profile"
            case EOPNOTSUPP, EINVAL:
                "this kernel's io_uring is too old; Linux 5.11 or later is needed"
            case ENOMEM:
                "the ring's memory is over the limit; raise RLIMIT_MEMLOCK (ulimit -l)"
            case EMFILE, ENFILE:
                "no descriptor is left; raise RLIMIT_NOFILE (ulimit -n)"
            default: SystemError.words(of: number)
            }
        return SystemError(
            number: number,
            call: "io_uring_setup",
            sentence: "io_uring cannot be used: \(remedy)"
        )
    }
}
