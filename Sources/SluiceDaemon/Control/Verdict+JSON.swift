internal import BlockGraph
internal import ControlAPI
internal import GraphModel
internal import Reconciliation

extension Verdict {
    /// The verdict as the daemon answers it.
    var json: JSONValue {
        [
            "exit": .integer(Int64(exit.rawValue)), "reason": .text(reason),
            "message": .text(message), "generation": .integer(Int64(clamping: generation)),
            "diagnostics": .list(diagnostics.map(\.json)), "receipt": receipt ?? .null,
            "digest": .text(triedDigest ?? ""),
            "confirm": pending?.json ?? .null,
        ]
    }
}

extension Receipt {
    /// The numbers, exports by name.
    ///
    /// - Parameters:
    ///   - plan: What was done.
    ///   - forecast: The pause that was expected of the exports that it drained.
    /// - Returns: The receipt as JSON.
    func json(of plan: Plan, _ forecast: PauseForecast) -> JSONValue {
        let drained = plan.drainedExports
        return [
            "exports": .list(
                exports.sorted { $0.name < $1.name }.map { export in
                    [
                        "name": .text(export.name),
                        "completed": .integer(Int64(clamping: export.completed)),
                        "failed": .integer(Int64(clamping: export.failed)),
                        "held": .integer(Int64(clamping: export.held)),
                        "longest_added_ns": .integer(
                            Int64(clamping: export.longestHeldNanoseconds)
                        ),
                        "pause_ns": .integer(Int64(clamping: export.pauseNanoseconds)),
                        "forecast_ns": .integer(
                            drained.contains(export.name)
                                ? Int64(clamping: forecast.expectedNanoseconds) : 0
                        ),
                    ]
                }
            ),
            "warnings": JSONValue(texts: warnings),
        ]
    }
}

extension PendingConfirmation {
    /// The change that awaits a confirmation.
    var json: JSONValue {
        [
            "generation": .integer(Int64(clamping: generation)),
            "revertsTo": .integer(Int64(clamping: revertsTo)),
            "deadlineUnixSeconds": .integer(deadlineUnixSeconds),
        ]
    }
}
