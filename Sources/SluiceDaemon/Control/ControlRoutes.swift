internal import BlockGraph
internal import ControlAPI
internal import GraphModel
internal import Reconciliation

/// Answers what is asked on the control socket.
///
/// Questions are answered from published values and wait for nobody; changes go to the reconciler.
struct ControlRoutes: Sendable {
    let reconciler: Reconciler
    let plane: DataPlane
    let version: String
    let startedUnixSeconds: Int64
    let clock: DaemonClock

    /// Longest wait of a question about the live graph for the first one.
    private static let startSecondsMax: UInt64 = 10

    /// The answer to one request.
    func answer(_ question: ControlQuestion) async -> ControlAnswer {
        switch question.endpoint {
        case .version: json(versionReport)
        case .status: json(status(question))
        case .graph: await graph()
        case .description: await description(question.query.number("generation"))
        case .history: json(await reconciler.history(countMax: count(question)))
        case .generation: await generation(question.query.number("generation"))
        case .events: events(question)
        case .wait: await wait(question)
        case .drift: json(await reconciler.drift())
        case .apply: await apply(question)
        case .abandon: json(reconciler.abandonHand().json)
        case .rollback: await rollBack(question)
        case .confirm: json(await reconciler.confirm(body(of: question)["generation"]).json)
        case .hold: await hold(question)
        case .resume: json(await reconciler.resume().json)
        case .reload: json(await reconciler.look(.reload).json)
        case .retry: json(await reconciler.look(.retry).json)
        }
    }

    private func json(_ value: JSONValue) -> ControlAnswer {
        ControlAnswer(body: .whole(value.compactBytes))
    }

    private func refusal(_ status: Int, _ sentence: String) -> ControlAnswer {
        ControlAnswer(status: status, body: .whole(Array((sentence + "\n").utf8)))
    }

    private var versionReport: JSONValue {
        [
            "version": .text(version), "control": "v1", "configuration": .integer(1),
            "plan": "sluice.plan/1", "event": "sluice.event/1",
        ]
    }

    private func status(_ question: ControlQuestion) -> JSONValue {
        StatusReport(
            version: version,
            startedUnixSeconds: startedUnixSeconds,
            nowUnixSeconds: clock.unixSeconds(),
            report: reconciler.report,
            live: plane.live,
            hasFiles: question.query["files"] != nil
        ).json
    }

    private func graph() async -> ControlAnswer {
        guard await reconciler.untilStarted(seconds: Self.startSecondsMax) else { return starting }
        let live = plane.live
        return json(
            GraphReport(
                generation: live.generation,
                digest: live.digest,
                snapshot: live.snapshot
            ).json
        )
    }

    private var starting: ControlAnswer {
        refusal(503, "the daemon is starting, and nothing is live yet; see `sluice status`")
    }

    private func description(_ generation: UInt64?) async -> ControlAnswer {
        guard let generation else {
            guard await reconciler.untilStarted(seconds: Self.startSecondsMax) else {
                return starting
            }
            let live = plane.live
            return json([
                "generation": .integer(Int64(clamping: live.generation)),
                "digest": .text(live.digest),
                "description": live.snapshot.resolved.description.json,
                "guards": reconciler.guards.json,
                "forecast": reconciler.report.forecast?.json ?? .null,
            ])
        }
        guard let record = await reconciler.keptGeneration(generation) else {
            return missing(generation)
        }
        return json([
            "generation": .integer(Int64(clamping: record.generation)),
            "digest": .text(record.digest), "description": record.description.json,
        ])
    }

    private func generation(_ number: UInt64?) async -> ControlAnswer {
        let number = number ?? plane.live.generation
        guard let record = await reconciler.keptGeneration(number) else { return missing(number) }
        return json(record.json)
    }

    private func missing(_ number: UInt64) -> ControlAnswer {
        refusal(404, "generation \(number) is not kept; see `sluice history`")
    }

    private func count(_ question: ControlQuestion) -> Int {
        Int(clamping: question.query.number("count") ?? 20)
    }

    private func events(_ question: ControlQuestion) -> ControlAnswer {
        let (lines, end) = reconciler.events.lines(
            after: question.query.number("since-seq"),
            isFollowed: question.query["follow"] == "1"
        )
        question.abandonment.whenSet(end)
        return ControlAnswer(body: .lines(lines))
    }

    private func wait(_ question: ControlQuestion) async -> ControlAnswer {
        guard let wanted = WaitQuestion(query: question.query) else {
            return refusal(
                400,
                "say one of digest, commit (at least 7 digits), generation, for (a condition)"
            )
        }
        let seconds = question.query.number("seconds") ?? ControlLimits.waitSecondsMax
        return json(await reconciler.wait(for: wanted, seconds: seconds).json)
    }

    private func apply(_ question: ControlQuestion) async -> ControlAnswer {
        guard let request = request(of: question, ApplyRequest.init(json:)) else {
            return refusal(400, "the body is no apply request of this version")
        }
        return json(
            await reconciler.apply(
                request,
                actor: question.peer.words,
                abandonment: question.abandonment
            ).json
        )
    }

    private func rollBack(_ question: ControlQuestion) async -> ControlAnswer {
        guard let request = request(of: question, RollbackRequest.init(json:)) else {
            return refusal(400, "the body is no rollback request of this version")
        }
        return json(
            await reconciler.rollBack(
                request,
                actor: question.peer.words,
                abandonment: question.abandonment
            ).json
        )
    }

    /// What is no JSON and what is no request are told the same.
    private func request<Request>(
        of question: ControlQuestion,
        _ read: (JSONValue) throws -> Request?
    ) -> Request? {
        guard let value = try? JSONValue(json: question.body) else { return nil }
        return try? read(value)
    }

    private func hold(_ question: ControlQuestion) async -> ControlAnswer {
        // What is no JSON has no members either.
        let value = try? JSONValue(json: question.body)
        guard let seconds = value?["seconds"]?.integer, seconds > 0 else {
            return refusal(400, "say for how many seconds")
        }
        let reason = String((value?["reason"]?.text ?? "").prefix(500))
        return json(await reconciler.hold(seconds: UInt64(seconds), reason: reason).json)
    }

    /// Members of a body that are numbers.
    private func body(of question: ControlQuestion) -> [String: UInt64] {
        // A body that is no JSON has no members.
        let members = (try? JSONValue(json: question.body))?.members ?? []
        return Dictionary(
            members.compactMap { member in
                member.value.integer.map { (member.key, UInt64(clamping: $0)) }
            },
            uniquingKeysWith: { first, _ in first }
        )
    }
}
