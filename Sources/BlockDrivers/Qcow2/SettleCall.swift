internal import BlockGraph
internal import RingLoop

/// One wait of the control plane until an engine has written what only it knows.
// Not checked: `slot` and `status` are written on the engine's loop before `occurrence` happens,
// and read by the control plane after.
final class SettleCall: @unchecked Sendable {
    private let occurrence: Occurrence
    private let slot: UnsafeMutablePointer<RequestSlot>
    private var status = BlockStatus.done

    init(_ settings: Qcow2Settings) throws(GraphError) {
        do throws(SystemError) {
            occurrence = try Occurrence()
        } catch {
            throw settings.refusal(error.sentence, option: nil)
        }
        slot = .allocate(capacity: 1)
        let completion: RequestSlot.Completion = { address in
            let slot = address.assumingMemoryBound(to: RequestSlot.self)
            guard let owner = slot.pointee.owner else { return }
            let call = Unmanaged<SettleCall>.fromOpaque(owner).takeUnretainedValue()
            call.end(slot.pointee.status)
        }
        slot.initialize(to: RequestSlot(completion: completion, owner: nil))
        slot.pointee.owner = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit { slot.deallocate() }

    /// Begins, on the engine's loop.
    func begin(_ engine: ImageEngine) {
        slot.pointee.isParked = true
        let answer = engine.settle(slot)
        guard !answer.isParked else { return }
        slot.pointee.isParked = false
        end(answer)
    }

    /// Waits for the end.
    ///
    /// - Returns: 0, or a positive Linux error number.
    func wait() -> Int32 {
        occurrence.wait()
        return status.errorNumber
    }

    private func end(_ status: BlockStatus) {
        self.status = status
        occurrence.happen()
    }
}
