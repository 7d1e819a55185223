package import RingLoop

/// One request on its way through the graph: a pointer that must be answered once.
///
/// ```
/// idle --submit--> answered at once            (submit returned done or failed)
///      --submit--> parked --finish--> answered (completion is called)
/// ```
/// Confined to the thread of the loop on which it was submitted.
@frozen
package struct BlockRequest {
    /// The request's memory, owned by a ``RequestPool``.
    package let slot: UnsafeMutablePointer<RequestSlot>

    /// A request in a slot.
    @inlinable
    package init(_ slot: UnsafeMutablePointer<RequestSlot>) { self.slot = slot }

    /// The request whose slot holds a ticket.
    @inlinable
    package init(ticket: UnsafeMutablePointer<KernelTicket>) {
        slot = UnsafeMutableRawPointer(ticket).assumingMemoryBound(to: RequestSlot.self)
    }

    /// The slot's ticket, as user data for the kernel.
    @inlinable
    package var ticket: UnsafeMutablePointer<KernelTicket> {
        UnsafeMutableRawPointer(slot).assumingMemoryBound(to: KernelTicket.self)
    }

    /// Answers a request that was parked.
    ///
    /// - Precondition: The request is parked; it is answered once.
    package func finish(_ status: BlockStatus) {
        precondition(!status.isParked, "a request cannot be finished as parked")
        precondition(slot.pointee.isParked, "a request was answered twice")
        slot.pointee.isParked = false
        slot.pointee.status = status
        if let path = slot.pointee.path {
            slot.pointee.path = nil
            path._withUnsafeGuaranteedRef { $0.requestFinished() }
        }
        slot.pointee.completion(UnsafeMutableRawPointer(slot))
    }
}
