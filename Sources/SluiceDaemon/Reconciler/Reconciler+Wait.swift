internal import BlockGraph
internal import ControlAPI
internal import GraphModel

/// What somebody waits for.
enum WaitQuestion: Hashable, Sendable {
    /// A normalised configuration, by at least seven digits of its digest.
    case digest(String)
    /// A git commit, by at least seven digits.
    case commit(String)
    /// A generation, or a later one.
    case generation(UInt64)
    /// A condition, such as `Ready` or `Degraded=False`.
    case condition(Conditions.Kind, Bool)

    /// Reads the values of a question; `nil` when they are none or too many.
    init?(query: ControlQuery) {
        switch (query["digest"], query["commit"], query.number("generation"), query["for"]) {
        case (let digest?, nil, nil, nil) where digest.count >= 7:
            self = .digest(digest.hasPrefix("sha256:") ? digest : "sha256:" + digest)
        case (nil, let commit?, nil, nil) where commit.count >= 7: self = .commit(commit)
        case (nil, nil, let generation?, nil): self = .generation(generation)
        case (nil, nil, nil, let text?):
            let halves = text.split(separator: "=", maxSplits: 1)
            guard let kind = halves.first.flatMap({ Conditions.Kind(rawValue: String($0)) }) else {
                return nil
            }
            self = .condition(kind, halves.count < 2 || halves[1].lowercased() != "false")
        default: return nil
        }
    }
}

extension Reconciler {
    /// Waits until something is decided.
    ///
    /// - Parameters:
    ///   - question: What is waited for.
    ///   - seconds: Longest wait.
    /// - Returns: What came of it; exit 15 when the time is over.
    nonisolated func wait(for question: WaitQuestion, seconds: UInt64) async -> Verdict {
        let limit = min(seconds, ControlLimits.waitSecondsMax)
        return await until(seconds: limit) { self.decided(question) } ?? undecided
    }

    /// Waits until there is a live graph, or the first look has found that there is none.
    ///
    /// Before that an empty graph would be told as the live one, and a plan made from it would lie.
    ///
    /// - Parameter seconds: Longest wait.
    /// - Returns: Whether it has come to that.
    nonisolated func untilStarted(seconds: UInt64) async -> Bool {
        await until(seconds: seconds) {
            let report = self.report
            return report.hasLooked || report.generation > 0 ? true : nil
        } ?? false
    }

    /// Asks after each change until there is an answer or the time is over.
    private nonisolated func until<Answer: Sendable>(
        seconds: UInt64,
        _ answer: @escaping @Sendable () -> Answer?
    ) async -> Answer? {
        let changes = bell.listen()
        if let known = answer() { return known }
        let heard = await withTaskGroup(of: Answer?.self) { group in
            group.addTask {
                for await _ in changes {
                    if let known = answer() { return known }
                }
                return nil
            }
            group.addTask {
                // Cancellation is the only error.
                try? await Task.sleep(nanoseconds: seconds * 1_000_000_000)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
        return heard ?? answer()
    }

    private nonisolated var undecided: Verdict {
        var verdict = Verdict(.timeout, "Waiting", "it has not come yet; the work goes on")
        verdict.generation = report.generation
        return verdict
    }

    /// What came of something, when that is known.
    private nonisolated func decided(_ question: WaitQuestion) -> Verdict? {
        let report = report
        var verdict: Verdict?
        switch question {
        case .generation(let number):
            guard report.generation >= number else { return nil }
            verdict = Verdict(.done, "Live", "generation \(report.generation) is live")
        case .condition(let kind, let isTrue):
            guard report.conditions[kind] == isTrue else { return nil }
            let condition = report.conditions.table[kind]
            verdict = Verdict(
                .done,
                condition?.reason ?? "",
                "\(kind.rawValue) is \(isTrue ? "true" : "false")"
            )
        case .digest(let digest):
            if report.digest.hasPrefix(digest) {
                verdict = Verdict(.done, "Live", "generation \(report.generation) is live")
            } else {
                verdict = verdictOf(report.outcomes.outcome(of: digest))
            }
        case .commit(let commit):
            verdict = verdictOf(report.outcomes.outcome(of: commit))
            // The newest look may be older than the checkout that is waited for.
            if verdict == nil, let head = report.commit, reader.gitCommit() == head,
                !head.hasPrefix(commit), reader.hasLeft(commit: commit),
                report.outcomes.outcome(of: head) != nil
            {
                verdict = verdictOf(.superseded(by: "commit \(head)"))
            }
        }
        verdict?.generation = report.generation
        return verdict
    }

    private nonisolated func verdictOf(_ outcome: OutcomeTable.Outcome?) -> Verdict? {
        switch outcome {
        case nil: nil
        case .live(let generation):
            Verdict(.done, "Live", "it was live as generation \(generation)")
        case .rejected(let why): Verdict(.rejected, "Rejected", why)
        case .superseded(let newer):
            Verdict(.rejected, GraphError.superseded, "it was superseded by \(newer)")
        }
    }
}
