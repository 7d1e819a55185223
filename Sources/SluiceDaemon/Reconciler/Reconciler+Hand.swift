internal import BlockGraph
internal import ControlAPI
internal import FileWatching
internal import GraphModel
internal import Logging

extension Reconciler {
    /// Applies what a person handed in; the files below it are not tried until they change.
    func bringByHand(_ request: ApplyRequest) async -> Verdict {
        let desired = DesiredState(request: request)
        guard desired.resolved != nil else { return desired.rejection }
        let attempt = Attempt(
            desired: desired,
            source: "",
            isByHand: true,
            allowed: Set(request.allowRemove),
            drainTimeoutNanoseconds: request.drainTimeoutNanoseconds ?? drainTimeoutNanoseconds,
            announcedLooks: announcedLooks,
            expectedPlan: request.plan
        )
        let verdict = await bring(attempt.over(currentSource))
        set(.reconciling, false, "Idle")
        guard verdict.exit == .done else { return verdict }
        settleHand(desired)
        return verdict
    }

    /// Digest of the files as they are now.
    private var currentSource: String {
        if case .files(_, let source) = reader.scan() { source } else { memory.seenSource ?? "" }
    }

    /// Says whether what was applied by hand is what the files wish anyway.
    private func settleHand(_ desired: DesiredState) {
        memory.diagnostics = []
        memory.retryDueNanoseconds = nil
        memory.quarantine[desired.digest] = nil
        if case .files(let files, let source) = reader.scan() {
            memory.seenSource = source
            let wished = DesiredState(files: files, baseDirectory: reader.baseDirectory)
            memory.sourceBelowHand = wished.digest == desired.digest ? nil : source
            memory.acceptedPaths = Set(files.map(\.path))
        } else {
            memory.sourceBelowHand = memory.seenSource
        }
        let isFiles = memory.sourceBelowHand == nil && memory.seenSource != nil
        let verdict =
            isFiles
            ? Verdict(.done, "Live", "what is live matches the configuration") : handVerdict
        memory.lastVerdict = verdict
        set(.ready, true, verdict.reason, verdict.message)
        set(.held, !isFiles, verdict.reason, isFiles ? "" : verdict.message)
        setHealthy()
    }

    /// Serves the last committed graph at start, because the sources are bad or missing, or because
    /// a person had applied it above them.
    func serveLastCommitted(becauseOf verdict: Verdict) async {
        for finding in store.findings {
            logger.error("state damaged", metadata: ["reason": "\(finding)"])
        }
        guard graph.liveDescription.exports.isEmpty, graph.liveDescription.nodes.isEmpty,
            let last = store.committed
        else { return }
        let desired = DesiredState(record: last)
        guard let resolved = desired.resolved else {
            logger.error("last committed graph unusable", metadata: ["digest": "\(last.digest)"])
            return
        }
        let change = GraphChange(
            desired: resolved,
            plan: desired.plan(from: graph.liveDescription),
            baseDirectory: last.baseDirectory,
            drainTimeoutNanoseconds: drainTimeoutNanoseconds
        )
        do throws(GraphError) {
            _ = try await graph.apply(change) {}
            noteLive(last, since: clock.unixSeconds())
            guard verdict.exit != .done else { return }
            let sentence =
                "the files cannot be applied; generation \(last.generation), the last committed "
                + "one, is served"
            set(.degraded, true, "LastCommitted", sentence)
            logger.error(
                "serving the last committed graph",
                metadata: ["generation": "\(last.generation)", "why": "\(verdict.message)"]
            )
        } catch {
            set(.degraded, true, "NothingServed", "\(error.object): \(error.reason)")
            logger.error(
                "the last committed graph cannot be served",
                metadata: ["object": "\(error.object)", "reason": "\(error.reason)"]
            )
        }
    }
}

extension Attempt {
    /// The same attempt, above files with this digest.
    fileprivate func over(_ source: String) -> Attempt {
        Attempt(
            desired: desired,
            source: source,
            isByHand: isByHand,
            allowed: allowed,
            drainTimeoutNanoseconds: drainTimeoutNanoseconds,
            announcedLooks: announcedLooks,
            expectedPlan: expectedPlan
        )
    }
}
