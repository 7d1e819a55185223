internal import BlockGraph
internal import ControlAPI
internal import GraphModel
internal import Reconciliation

/// One try to make a configuration live.
struct Attempt: Sendable {
    /// What is wished.
    let desired: DesiredState
    /// Digest of the files that were there.
    var source: String
    /// Who wishes it.
    let origin: GenerationRecord.Origin
    /// Who asked for it on the control socket.
    var actor: String?
    /// The commit that was checked out.
    var commit: String?
    /// Names of objects whose removal was allowed.
    var allowed: Set<String> = []
    /// Longest wait for requests in flight.
    let drainTimeoutNanoseconds: UInt64
    /// Looks that were announced when the files were read.
    let announcedLooks: UInt64
    /// Identity of the plan that the person saw.
    var expectedPlan: String?
    /// Name of the saved plan that is run.
    var savedPlan: String?
    /// How long it may wait for a confirmation.
    var confirmSeconds: UInt64?
    /// Whether the person does not want it any more.
    var abandonment: Abandonment?

    var isByHand: Bool { origin != .files }
}

extension GraphError {
    /// The reason's object when newer files overtook an apply.
    static let superseded = "Superseded"
    /// The reason's object when a person gave an apply up.
    static let interrupted = "Interrupted"

    /// Whether the same configuration may be applied later without being edited, because the host
    /// or the clients have changed.
    var mayPass: Bool {
        switch code {
        case .openFailed, .readOnly, .locked, .size, .address, .noSpace, .inUse, .drainTimeout,
            .abandoned:
            object != Self.superseded && object != Self.interrupted
        case .notOpenable, .verifyFailed, .shuttingDown: false
        }
    }

    /// The exit code that a command ends with.
    var exit: ExitStatus {
        switch code {
        case .inUse: .refused
        case .verifyFailed: .undoIncomplete
        case .abandoned where object == Self.superseded: .rejected
        case .abandoned where object == Self.interrupted: .interrupted
        default: .applyFailed
        }
    }

    /// The word for programs.
    var word: String {
        code == .abandoned && (object == Self.superseded || object == Self.interrupted)
            ? object : "ApplyFailed"
    }

    /// The state on disk could not be written, and nothing was switched.
    init(_ error: StateError, _ object: String) {
        self.init(code: .abandoned, object: object, reason: error.reason)
    }

    /// The code of a finding about it.
    var findingCode: String {
        object == "history" || object == "journal"
            ? StateError.Code.unwritable.rawValue : code.rawValue
    }
}
