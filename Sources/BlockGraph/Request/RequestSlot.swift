package import GraphModel
package import RingLoop

/// One request's memory: fields, status, and what it needs while it is in the kernel.
///
/// - Invariant: The ticket is the first field, so that the address of a slot is the address of its
///   ticket, and a completion finds its request without a look-up.
@frozen
package struct RequestSlot {
    /// Told how to take the answer of a request.
    package typealias Completion = @convention(c) (UnsafeMutableRawPointer) -> Void

    /// The kernel's user data, for the driver that has the request in the kernel.
    package var ticket: KernelTicket
    /// What is asked.
    package var operation: BlockOperation
    /// What is asked besides.
    package var flags: RequestFlags
    /// In which steps of a format it is made, for tests.
    package var events: BlockEvents
    /// Whether somebody owes the answer.
    package var isParked: Bool
    /// The answer.
    package var status: BlockStatus
    /// First byte, in bytes from the node's start.
    package var offsetBytes: UInt64
    /// Length in bytes.
    package var lengthBytes: UInt64
    /// Payload of a read or write that lives in memory.
    package var buffer: UnsafeMutableRawPointer?
    /// Pipe that takes or holds the payload instead of the buffer, or -1.
    package var pipe: Int32
    /// The answer of a read that was lent its bytes; nothing when they are in the buffer.
    package var loan: PageLoan?
    /// For the driver that has the request: bytes already moved.
    package var progressBytes: UInt64
    /// For the driver that has the request: itself, or a note of its own.
    package var driverContext: UnsafeMutableRawPointer?
    /// For the driver that has the request: a time or number of its own.
    package var driverValue: UInt64
    /// Next in the list of whoever has the request.
    package var next: UnsafeMutablePointer<RequestSlot>?
    /// Where extents are listed.
    package var extents: UnsafeMutablePointer<ExtentList>?
    /// The path by which the request entered the graph, while it is parked.
    package var path: Unmanaged<IOPath>?
    /// Takes the answer of a request that was parked.
    package var completion: Completion
    /// For the owner: itself.
    package var owner: UnsafeMutableRawPointer?
    /// For the owner: the client's cookie.
    package var cookie: UInt64
    /// For the owner: loop time at which the request came, in nanoseconds.
    package var startNanoseconds: UInt64
    /// For the owner: flags of the wire.
    package var wireFlags: UInt32
    /// For the owner: capacity of the buffer in bytes, 0 when it is borrowed.
    package var bufferCapacityBytes: UInt32
    /// For the owner: a place in a table of its own.
    package var ownerIndex: Int32

    /// An empty slot.
    ///
    /// - Parameters:
    ///   - completion: Takes the answers of parked requests, given the slot's address.
    ///   - owner: Handed on in ``owner``; not retained.
    package init(completion: @escaping Completion, owner: UnsafeMutableRawPointer?) {
        ticket = KernelTicket(handler: { _, _ in }, context: nil)
        operation = .read
        flags = []
        events = []
        isParked = false
        status = .done
        offsetBytes = 0
        lengthBytes = 0
        buffer = nil
        pipe = -1
        loan = nil
        progressBytes = 0
        driverContext = nil
        driverValue = 0
        next = nil
        extents = nil
        path = nil
        self.completion = completion
        self.owner = owner
        cookie = 0
        startNanoseconds = 0
        wireFlags = 0
        bufferCapacityBytes = 0
        ownerIndex = -1
    }
}
