internal import BlockGraph
internal import ControlAPI
internal import GraphModel
internal import Logging

extension Reconciler {
    /// Most digests in quarantine; the set is emptied when it is full.
    private static let quarantineMax = 1_000

    /// Has a configuration not be tried again.
    func quarantine(_ digest: String, _ why: String) {
        guard !digest.isEmpty else { return }
        if memory.quarantine.count >= Self.quarantineMax { memory.quarantine.removeAll() }
        memory.quarantine[digest] = why
        emit(.quarantineSet, digest: digest, ["why": .text(why)])
        keepQuarantine()
    }

    /// Lets a configuration be tried again.
    func liftQuarantine(_ digest: String) {
        guard memory.quarantine.removeValue(forKey: digest) != nil else { return }
        emit(.quarantineLifted, digest: digest, ["why": "asked for"])
        keepQuarantine()
    }

    private func keepQuarantine() {
        do throws(StateError) {
            try store.keep(quarantine: memory.quarantine)
        } catch {
            logger.error("quarantine not kept", metadata: ["reason": "\(error.reason)"])
        }
    }

    /// Keeps what became of the newest files, for those who wait for it.
    func note(_ verdict: Verdict) {
        let keys = [verdict.triedDigest ?? "", memory.commit ?? ""].filter { !$0.isEmpty }
        if verdict.reason == GraphError.superseded {
            memory.overtaken += keys
            return
        }
        settleOvertaken(by: verdict.triedDigest ?? memory.commit ?? "newer files", except: keys)
        let outcome: OutcomeTable.Outcome
        switch verdict.exit {
        case .done where Self.handReasons.contains(verdict.reason), .refused, .timeout: return
        case .done: outcome = .live(memory.generation)
        case _ where verdict.isHostFailure: return
        default: outcome = .rejected("\(verdict.reason): \(verdict.message)")
        }
        for key in keys { memory.outcomes.note(outcome, of: key) }
    }

    private func settleOvertaken(by newer: String, except keys: [String]) {
        for old in memory.overtaken where !keys.contains(old) {
            memory.outcomes.note(.superseded(by: newer), of: old)
            if old.hasPrefix("sha256:") {
                emit(.configSuperseded, digest: old, ["by": .text(newer)])
            }
        }
        memory.overtaken = []
    }
}
