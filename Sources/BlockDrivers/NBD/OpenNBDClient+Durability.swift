internal import BlockGraph
internal import GraphModel
internal import RingLoop

/// Where the control plane finds a view: on its loop.
// Not checked: `link` is only followed on the loop's thread, where the view lives and ends.
final class NBDViewPlace: @unchecked Sendable {
    let loop: EventLoop
    private weak var link: NBDLink?

    init(_ link: NBDLink) {
        loop = link.loop
        self.link = link
    }

    /// Makes durable what went through the view; on its loop.
    func flush(_ slot: UnsafeMutablePointer<RequestSlot>) -> BlockStatus {
        guard let link, link.phase != .over, link.hasWritten else { return .done }
        return link.submit(BlockRequest(slot))
    }
}

extension OpenNBDClient {
    /// Makes durable what was written when nobody will write any more: from now on flushes of
    /// clients end at what is put above, such as an overlay, and what they wrote before would be
    /// lost with the server's power.
    func settle(over access: ChildAccessPlan) throws(GraphError) {
        guard losesWriters else { return }
        for call in try beginFlush() {
            let result = call.wait(until: access.deadlineNanoseconds)
            guard result == 0 else {
                throw refusal(
                    "what was written to \(currentSettings.place) cannot be made durable: "
                        + "\(SystemError.words(of: result)); nothing was changed"
                )
            }
        }
    }

    /// Has every view flush: without the server's promise, one connection's flush need not cover
    /// what another one wrote.
    func beginFlush() throws(GraphError) -> [SettleCall] {
        guard terms.flushes else { return [] }
        var calls: [SettleCall] = []
        for place in views {
            do throws(SystemError) {
                let call = try SettleCall()
                guard place.loop.post({ call.begin { place.flush($0) } }) else { continue }
                calls.append(call)
            } catch {
                throw refusal(error.sentence)
            }
        }
        return calls
    }

    private func refusal(_ reason: String) -> GraphError {
        GraphError(code: .openFailed, object: currentSettings.object, reason: reason)
    }
}
