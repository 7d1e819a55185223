/// What can be asked of a daemon over its control socket.
package enum ControlEndpoint: String, Hashable, Sendable, CaseIterable {
    /// Version of the daemon and the formats that it speaks.
    case version = "/v1/version"
    /// How it goes: generation, conditions, diagnostics, exports.
    case status = "/v1/status"
    /// The live graph with everything about it.
    case graph = "/v1/graph"
    /// The live graph as a plain description, for planning against it; with `generation=N` the one
    /// that was live then.
    case description = "/v1/description"
    /// Generations that were live, the newest first; `count=N` limits them.
    case history = "/v1/history"
    /// Everything that is kept about `generation=N`.
    case generation = "/v1/generation"
    /// What happened, a line each; `since-seq=N` resumes, `follow=1` goes on.
    case events = "/v1/events"
    /// Waits for `digest`, `commit`, `generation` or `for`, at most `seconds`.
    case wait = "/v1/wait"
    /// Where what is live differs from what the files declare.
    case drift = "/v1/drift"
    /// Applies a configuration as one transaction.
    case apply = "/v1/apply"
    /// Gives up the apply that a person has asked for, when it is not committed yet.
    case abandon = "/v1/abandon"
    /// Goes back to a generation.
    case rollback = "/v1/rollback"
    /// Keeps the change that awaits a confirmation.
    case confirm = "/v1/confirm"
    /// Leaves the live graph alone for a while.
    case hold = "/v1/hold"
    /// Ends a hold.
    case resume = "/v1/resume"
    /// Looks at the sources now.
    case reload = "/v1/reload"
    /// Tries again what failed or is quarantined.
    case retry = "/v1/retry"

    /// Whether asking changes something.
    package var changes: Bool {
        switch self {
        case .version, .status, .graph, .description, .history, .generation, .events, .wait,
            .drift:
            false
        case .apply, .abandon, .rollback, .confirm, .hold, .resume, .reload, .retry: true
        }
    }
}

/// Limits of the control socket, the same on both sides.
package enum ControlLimits {
    /// Longest request body, in bytes.
    package static let requestBytesMax = 64 << 20
    /// Longest answer, in bytes.
    package static let answerBytesMax = 1 << 30
    /// Most connections at the same time.
    package static let connectionsMax = 64
    /// Most connections beyond them that are told so; any more are closed.
    package static let refusalsMax = 16
    /// Longest silence in the middle of a request, in seconds.
    package static let silenceSecondsMax = 5
    /// Longest that one question waits for something to happen, in seconds; ask again after it.
    package static let waitSecondsMax: UInt64 = 30
    /// Longest time in which a change may be confirmed, in seconds.
    package static let confirmSecondsMax: UInt64 = 86_400
    /// Longest hold, in seconds.
    package static let holdSecondsMax: UInt64 = 30 * 86_400
}
