internal import BlockGraph
internal import Glibc
internal import RingLoop

/// One wait of the control plane for a request of its own that a loop answers.
// Not checked: `slot` and `status` are written on the loop before `occurrence` happens, and read by
// the control plane after.
final class SettleCall: @unchecked Sendable {
    private let occurrence: Occurrence
    private let slot: UnsafeMutablePointer<RequestSlot>
    private var status = BlockStatus.done

    init() throws(SystemError) {
        occurrence = try Occurrence()
        slot = .allocate(capacity: 1)
        let completion: RequestSlot.Completion = { address in
            let slot = address.assumingMemoryBound(to: RequestSlot.self)
            guard let owner = slot.pointee.owner else { return }
            let call = Unmanaged<SettleCall>.fromOpaque(owner).takeRetainedValue()
            call.end(slot.pointee.status)
        }
        slot.initialize(to: RequestSlot(completion: completion, owner: nil))
        slot.pointee.operation = .flush
    }

    deinit { slot.deallocate() }

    /// Begins, on the loop; the call lives until it is answered, though nobody waits any more.
    func begin(_ submit: (UnsafeMutablePointer<RequestSlot>) -> BlockStatus) {
        let keeper = Unmanaged.passRetained(self)
        slot.pointee.owner = keeper.toOpaque()
        slot.pointee.isParked = true
        let answer = submit(slot)
        guard !answer.isParked else { return }
        slot.pointee.isParked = false
        end(answer)
        keeper.release()
    }

    /// Waits for the end, or until a moment.
    ///
    /// - Returns: 0, or a positive Linux error number.
    func wait(until deadlineNanoseconds: UInt64) -> Int32 {
        occurrence.wait(until: deadlineNanoseconds) ? status.errorNumber : ETIMEDOUT
    }

    private func end(_ status: BlockStatus) {
        self.status = status
        occurrence.happen()
    }
}
