internal import BlockGraph
internal import ControlAPI
internal import GraphModel

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
    /// - Parameter forecastNanoseconds: The pause that was expected, by export.
    /// - Returns: The receipt as JSON.
    func json(forecastNanoseconds: [String: UInt64]) -> JSONValue {
        [
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
                            Int64(clamping: forecastNanoseconds[export.name] ?? 0)
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
