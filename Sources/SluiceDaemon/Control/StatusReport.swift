internal import BlockGraph
internal import ControlAPI
internal import GraphModel

/// The answer of `status`, made from what is published.
struct StatusReport {
    let version: String
    let startedUnixSeconds: Int64
    let nowUnixSeconds: Int64
    let report: ReconcilerReport
    let live: PublishedGraph
    /// Whether each file of the sources is told of.
    var hasFiles = false

    private var snapshot: GraphSnapshot { live.snapshot }

    /// The answer as JSON.
    var json: JSONValue {
        [
            "format": "sluice.status/1", "version": .text(version),
            "uptimeSeconds": .integer(nowUnixSeconds - startedUnixSeconds),
            "generation": .integer(Int64(clamping: live.generation)),
            "digest": .text(live.digest),
            "liveSinceUnixSeconds": .integer(report.liveSinceUnixSeconds),
            "conditions": conditions, "sources": JSONValue(texts: report.sources),
            "diagnostics": .list(report.diagnostics.map(\.json)),
            "quarantined": JSONValue(texts: report.quarantined),
            "commit": report.commit.map { .text($0) } ?? .null,
            "confirm": report.pending?.json ?? .null, "hold": hold, "exports": exports,
            "down": .list(
                report.down.sorted { $0.key < $1.key }.map {
                    ["name": .text($0.key), "reason": .text($0.value)]
                }
            ),
            "findings": findings,
            "watch": [
                "superseded": .integer(Int64(report.supersededCount)),
                "overflows": .integer(Int64(report.overflowCount)),
            ], "files": hasFiles ? files : .null,
        ]
    }

    /// What went wrong in nodes that go on serving.
    private var findings: JSONValue {
        .list(
            snapshot.nodes.compactMap { name, state in state.finding.map { (name, $0) } }
                .sorted { $0.0 < $1.0 }
                .map { ["node": .text($0), "message": .text($1)] }
        )
    }

    private var files: JSONValue {
        .list(
            report.fileRows.map { row in
                [
                    "path": .text(row.path), "digest": row.digest.map { .text($0) } ?? .null,
                    "state": .text(row.state.rawValue),
                    "generation": row.liveGeneration.map { .integer(Int64(clamping: $0)) } ?? .null,
                    "why": .text(row.why),
                ]
            }
        )
    }

    private var hold: JSONValue {
        guard let hold = report.hold else { return .null }
        return [
            "untilUnixSeconds": .integer(hold.untilUnixSeconds), "reason": .text(hold.reason),
        ]
    }

    private var conditions: JSONValue {
        .object(
            Conditions.Kind.allCases.map { kind in
                let condition = report.conditions.table[kind]
                return JSONValue.Member(
                    kind.rawValue,
                    [
                        "status": .flag(condition?.isTrue ?? false),
                        "reason": .text(condition?.reason ?? ""),
                        "message": .text(condition?.message ?? ""),
                        "sinceUnixSeconds": .integer(condition?.sinceUnixSeconds ?? 0),
                    ]
                )
            }
        )
    }

    private var exports: JSONValue {
        let live = snapshot.resolved.description.exports
        return .list(
            snapshot.exports.sorted { $0.key < $1.key }.map { name, state in
                [
                    "name": .text(name), "node": .text(live[name]?.node ?? ""),
                    "listener": .text(live[name]?.listener ?? ""),
                    "writable": .flag(live[name]?.isWritable ?? false),
                    "clients": .list(state.handler.clients.map(\.json)),
                    "failed": .integer(Int64(clamping: state.tally.totals.failed)),
                ]
            }
        )
    }
}

extension ExportClient {
    /// The client as JSON.
    var json: JSONValue {
        ["peer": .text(peer), "sinceUnixSeconds": .integer(sinceUnixSeconds)]
    }
}
