/// What can be asked of a daemon over its control socket.
package enum ControlEndpoint: String, Hashable, Sendable, CaseIterable {
    /// Version of the daemon and the formats that it speaks.
    case version = "/v1/version"
    /// How it goes: generation, conditions, diagnostics, exports.
    case status = "/v1/status"
    /// The live graph with everything about it.
    case graph = "/v1/graph"
    /// The live graph as a plain description, for planning against it.
    case description = "/v1/description"
    /// Applies a configuration as one transaction.
    case apply = "/v1/apply"
    /// Looks at the sources now.
    case reload = "/v1/reload"
    /// Tries again what failed or is quarantined.
    case retry = "/v1/retry"

    /// Whether asking changes something.
    package var changes: Bool {
        switch self {
        case .version, .status, .graph, .description: false
        case .apply, .reload, .retry: true
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
    /// Longest silence in the middle of a request, in seconds.
    package static let silenceSecondsMax = 5
}
