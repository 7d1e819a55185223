package import BlockGraph

/// Parked requests in the order in which they came, linked through their own slots.
///
/// Nothing is allocated: the length is bounded by the slots of those who submit.
package struct RequestQueue {
    private var head: UnsafeMutablePointer<RequestSlot>?
    private var tail: UnsafeMutablePointer<RequestSlot>?

    /// An empty queue.
    package init() {}

    /// Whether nothing waits.
    @inline(__always)
    package var isEmpty: Bool { head == nil }

    /// The request that waits longest.
    package var first: BlockRequest? { head.map(BlockRequest.init) }

    /// Puts a request at the end.
    package mutating func append(_ request: BlockRequest) {
        request.slot.pointee.next = nil
        if let tail {
            tail.pointee.next = request.slot
        } else {
            head = request.slot
        }
        tail = request.slot
    }

    /// Takes the request that waits longest.
    package mutating func popFirst() -> BlockRequest? {
        guard let first = head else { return nil }
        head = first.pointee.next
        if head == nil { tail = nil }
        first.pointee.next = nil
        return BlockRequest(first)
    }
}
