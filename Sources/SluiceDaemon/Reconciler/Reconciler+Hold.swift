internal import ControlAPI
internal import GraphModel
internal import Logging

// A person's order to leave the live graph alone, with an end.
extension Reconciler {
    /// The reason of what is answered while the order stands.
    static let held = "OnHold"

    /// Leaves the live graph alone for a while; applies by hand go on.
    func hold(seconds: UInt64, reason: String) async -> Verdict {
        guard (1...ControlLimits.holdSecondsMax).contains(seconds) else {
            return answer(Verdict(.usage, "Usage", "a hold takes 1 second to 30 days"))
        }
        return await alone { reconciler in
            let until = reconciler.clock.unixSeconds() + Int64(clamping: seconds)
            let order = HoldOrder(untilUnixSeconds: until, reason: reason)
            guard let failure = reconciler.keepHold(order) else {
                reconciler.emit(
                    .holdSet,
                    [
                        "objects": [], "reason": .text(reason),
                        "until": .text(Timestamp.text(unixSeconds: until)),
                    ]
                )
                _ = reconciler.onHold()
                return reconciler.answer(Verdict(.done, Self.held, reconciler.holdSentence(order)))
            }
            return failure
        }
    }

    /// Ends the order; the files are looked at.
    func resume() async -> Verdict {
        let verdict = await alone { reconciler -> Verdict in
            guard reconciler.memory.hold != nil else {
                return reconciler.answer(Verdict(.done, "Idle", "nothing is on hold"))
            }
            reconciler.endHold("resumed")
            return reconciler.answer(Verdict(.done, "Resumed", "the files are followed again"))
        }
        _ = await look(.timer)
        return verdict
    }

    /// What to answer to whoever wants a look while the order stands; `nil` without one.
    func onHold() -> Verdict? {
        guard let order = memory.hold else { return nil }
        let left = order.untilUnixSeconds - clock.unixSeconds()
        guard left > 0 else {
            endHold("expired")
            return nil
        }
        // A clock that was set back must not have it wait longer than any order takes.
        let wait = min(UInt64(left), ControlLimits.holdSecondsMax)
        wantTimer(afterNanoseconds: wait * 1_000_000_000)
        let sentence = holdSentence(order)
        set(.held, true, Self.held, sentence)
        set(.reconciling, false, "Idle")
        return Verdict(.refused, Self.held, sentence)
    }

    private func endHold(_ why: String) {
        emit(.holdExpired, ["objects": [], "reason": .text(why)])
        _ = keepHold(nil)
        let verdict = memory.lastVerdict
        let isHeld = verdict.exit == .refused || Self.handReasons.contains(verdict.reason)
        set(.held, isHeld, verdict.reason, isHeld ? verdict.message : "")
    }

    private func keepHold(_ order: HoldOrder?) -> Verdict? {
        do throws(StateError) {
            try store.keep(order)
            memory.hold = order
            return nil
        } catch {
            return Verdict(.failure, "HistoryNotWritable", error.reason)
        }
    }

    private func holdSentence(_ order: HoldOrder) -> String {
        let until = Timestamp.text(unixSeconds: order.untilUnixSeconds)
        let reason = order.reason.isEmpty ? "" : " (\(order.reason))"
        return "the files are not followed until \(until)\(reason); `sluice resume` ends that"
    }
}
