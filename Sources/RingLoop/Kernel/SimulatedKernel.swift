internal import CLinux

/// What stands in for the kernel behind a loop's ring, so that a run can be repeated.
///
/// All functions are called on the loop's thread.
package protocol SimulatedKernel: AnyObject {
    /// Takes what the loop submitted; when it waits, goes on until something is complete.
    ///
    /// - Parameters:
    ///   - waits: Whether the loop sleeps until a completion.
    ///   - timeoutNanoseconds: Longest sleep; a negative one is for ever.
    ///   - kernel: Where submissions are and completions go.
    func enter(waits: Bool, timeoutNanoseconds: Int64, kernel: Kernel)
}

/// One operation that a loop submitted.
package struct KernelSubmission {
    /// What is asked.
    package enum Operation: Sendable {
        case nothing, read, write, sync, cancel, other
    }

    /// What is asked.
    package let operation: Operation
    /// The file.
    package let fd: Int32
    /// The buffer of a read or write.
    package let buffer: UnsafeMutableRawPointer?
    /// Length of the buffer, in bytes.
    package let length: Int
    /// Offset in the file; the target's ticket of a cancellation is in ``buffer``.
    package let offset: UInt64
    /// Who is told; nobody when there is none.
    package let ticket: UnsafeMutablePointer<KernelTicket>?

    /// A submission.
    package init(
        operation: Operation,
        fd: Int32,
        buffer: UnsafeMutableRawPointer?,
        length: Int,
        offset: UInt64,
        ticket: UnsafeMutablePointer<KernelTicket>?
    ) {
        self.operation = operation
        self.fd = fd
        self.buffer = buffer
        self.length = length
        self.offset = offset
        self.ticket = ticket
    }
}

extension Kernel {
    /// Puts a simulation in the kernel's place, before the loop starts; it must outlive the loop.
    package func simulate(by simulation: any SimulatedKernel) {
        let box = SimulationBox(kernel: self, simulation: simulation)
        install(box.enter, context: Unmanaged.passRetained(box).toOpaque())
    }

    /// Takes the oldest submission that the loop has handed over.
    package func takeSubmission() -> KernelSubmission? {
        var raw = clinux_submission()
        guard clinux_ring_take_submission(pointer, &raw) != 0 else { return nil }
        let operation: KernelSubmission.Operation =
            switch raw.opcode {
            case CLINUX_OP_NOP: .nothing
            case CLINUX_OP_READ: .read
            case CLINUX_OP_WRITE: .write
            case CLINUX_OP_FSYNC: .sync
            case CLINUX_OP_CANCEL: .cancel
            default: .other
            }
        return KernelSubmission(
            operation: operation,
            fd: raw.fd,
            buffer: UnsafeMutableRawPointer(bitPattern: UInt(raw.address)),
            length: Int(raw.length),
            offset: raw.offset,
            ticket: raw.ticket
        )
    }

    /// Completes an operation; `false` when the loop must take completions first.
    package func complete(_ ticket: UnsafeMutablePointer<KernelTicket>?, result: Int32) -> Bool {
        clinux_ring_complete(pointer, ticket, result) != 0
    }
}

/// The loop's way to a simulation; lives as long as the process, as simulations are few.
private final class SimulationBox {
    typealias Enter = @convention(c) (UnsafeMutableRawPointer?, Int32, Int64) -> Int32

    private let kernel: Kernel
    private let simulation: any SimulatedKernel

    init(kernel: Kernel, simulation: any SimulatedKernel) {
        self.kernel = kernel
        self.simulation = simulation
    }

    let enter: Enter = { context, waits, timeoutNanoseconds in
        guard let context else { return 0 }
        let box = Unmanaged<SimulationBox>.fromOpaque(context).takeUnretainedValue()
        box.simulation.enter(
            waits: waits != 0,
            timeoutNanoseconds: timeoutNanoseconds,
            kernel: box.kernel
        )
        return 0
    }
}
