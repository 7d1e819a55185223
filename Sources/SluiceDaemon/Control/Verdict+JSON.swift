internal import BlockGraph
internal import ControlAPI
internal import GraphModel

extension Verdict {
    /// The verdict as the daemon answers it.
    var json: JSONValue {
        [
            "exit": .integer(Int64(exit.rawValue)), "reason": .text(reason),
            "message": .text(message), "generation": .integer(Int64(clamping: generation)),
            "diagnostics": .list(diagnostics.map(\.json)), "receipt": receipt?.json ?? .null,
        ]
    }
}

extension Receipt {
    /// The numbers, exports by name.
    var json: JSONValue {
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
                    ]
                }
            ),
            "warnings": JSONValue(texts: warnings),
        ]
    }
}
