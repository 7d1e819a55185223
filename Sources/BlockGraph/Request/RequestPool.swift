import RingLoop

/// As many request slots as a queue is deep; empty means: stop taking requests.
///
/// Confined to one loop's thread. Slots never move.
package final class RequestPool {
    /// Slots in all.
    package let capacity: Int
    private let slots: UnsafeMutablePointer<RequestSlot>
    private var free: UnsafeMutablePointer<RequestSlot>?
    /// Slots that are in use.
    package private(set) var usedCount = 0

    /// Makes the slots.
    ///
    /// - Parameters:
    ///   - capacity: Number of slots.
    ///   - completion: Takes answers of requests that were parked.
    ///   - owner: Handed to the completion through the slot; not retained.
    package init(
        capacity: Int,
        completion: @escaping RequestSlot.Completion,
        owner: UnsafeMutableRawPointer?
    ) {
        precondition(capacity > 0, "a pool of \(capacity) slots")
        self.capacity = capacity
        slots = .allocate(capacity: capacity)
        slots.initialize(
            repeating: RequestSlot(completion: completion, owner: owner),
            count: capacity
        )
        for index in (0..<capacity).reversed() {
            slots[index].next = free
            free = slots + index
        }
    }

    /// Takes a slot, or nothing when all are in use.
    @inline(__always)
    package func take() -> BlockRequest? {
        guard let slot = free else { return nil }
        free = slot.pointee.next
        slot.pointee.next = nil
        usedCount += 1
        return BlockRequest(slot)
    }

    /// Gives a slot back.
    ///
    /// - Precondition: Its request is not parked.
    @inline(__always)
    package func giveBack(_ request: BlockRequest) {
        precondition(!request.slot.pointee.isParked, "a parked request was given back")
        request.slot.pointee.next = free
        free = request.slot
        usedCount -= 1
    }

    deinit {
        precondition(usedCount == 0, "\(usedCount) requests were lost")
        slots.deallocate()
    }
}
