internal import BlockGraph
internal import ControlAPI
internal import GraphModel

/// Answers what is asked on the control socket.
///
/// Questions are answered from published values and wait for nobody; changes go to the reconciler.
struct ControlRoutes: Sendable {
    let reconciler: Reconciler
    let plane: DataPlane
    let version: String
    let startedUnixSeconds: Int64
    let clock: DaemonClock

    /// The answer to one request.
    func answer(_ endpoint: ControlEndpoint, _ body: [UInt8]) async -> ControlAnswer {
        switch endpoint {
        case .version: json(versionReport)
        case .status: json(status)
        case .graph: json(graph)
        case .description: json(description)
        case .apply: await apply(body)
        case .reload: json(await reconciler.look(.reload).json)
        case .retry: json(await reconciler.look(.retry).json)
        }
    }

    private func json(_ value: JSONValue) -> ControlAnswer {
        ControlAnswer(body: value.compactBytes)
    }

    private var versionReport: JSONValue {
        [
            "version": .text(version), "control": "v1", "configuration": .integer(1),
            "plan": "sluice.plan/1",
        ]
    }

    private var status: JSONValue {
        StatusReport(
            version: version,
            startedUnixSeconds: startedUnixSeconds,
            nowUnixSeconds: clock.unixSeconds(),
            report: reconciler.report,
            snapshot: plane.snapshot
        ).json
    }

    private var graph: JSONValue {
        let report = reconciler.report
        return GraphReport(
            generation: report.generation,
            digest: report.digest,
            snapshot: plane.snapshot
        ).json
    }

    private var description: JSONValue {
        let report = reconciler.report
        return [
            "generation": .integer(Int64(clamping: report.generation)),
            "digest": .text(report.digest),
            "description": plane.snapshot.resolved.description.json,
        ]
    }

    private func apply(_ body: [UInt8]) async -> ControlAnswer {
        // What is no JSON and what is no request are told the same.
        guard let value = try? JSONValue(json: body), let request = ApplyRequest(json: value) else {
            return ControlAnswer(
                status: 400,
                body: Array("the body is no apply request of this version\n".utf8)
            )
        }
        return json(await reconciler.apply(request).json)
    }
}
