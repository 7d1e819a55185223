package import GraphModel

/// One transaction from a live graph to a wished one: what it does, and what exports notice.
///
/// A plan is a pure value: the same two graphs give the same plan, byte for byte, in a terminal
/// without a daemon as in the daemon that applies it.
package struct Plan: Sendable {
    /// Name of the JSON form.
    package static let formatName = "sluice.plan/1"

    /// What is live.
    package let live: GraphDescription
    /// What is wished.
    package let desired: GraphDescription
    /// What is done with each object that changes: services, nodes, exports, each by name.
    package let actions: [ObjectAction]
    /// Steps in the order in which they run; none when nothing changes.
    package let steps: [PlanStep]
    /// What each export notices, by name; those that start and stop included.
    package let exports: [ExportImpact]
    /// Nodes that are opened anew though a node of their name is live.
    package let replacedNodes: Set<String>
    /// Former names of nodes that go on under another name, by the new one.
    package let formerNames: [String: String]
    /// Objects that are protected and would be removed.
    package let protectedRemovals: [String]
    /// What refuses this plan, whatever the graphs are.
    package let refusals: [Diagnostic]
    /// What the words about former names come to, and renames that were not said.
    ///
    /// Not part of ``refusals``: a daemon that starts with some images missing does not know all
    /// former names.
    package private(set) var advice: [Diagnostic] = []
    let marks: GraphMarks
    let liveMarks: GraphMarks

    /// Plans the way from one graph to another.
    ///
    /// - Parameters:
    ///   - live: What is live, with effective options.
    ///   - desired: What is wished.
    ///   - marks: Where the files say what is wished.
    ///   - liveMarks: Where the files said what is live, when that is known.
    ///   - allowed: Names of protected objects that may be removed.
    package init(
        live: GraphDescription,
        desired: GraphDescription,
        marks: GraphMarks = GraphMarks(),
        liveMarks: GraphMarks = GraphMarks(),
        allowed: Set<String> = []
    ) {
        let difference = GraphDifference(live: live, desired: desired)
        self.init(difference, marks, liveMarks, allowed)
    }

    /// Plans the way from one graph to another, both with their permissions; the same plan, made
    /// faster.
    ///
    /// - Parameters:
    ///   - live: What is live, with effective options.
    ///   - desired: What is wished.
    ///   - marks: Where the files say what is wished.
    ///   - liveMarks: Where the files said what is live, when that is known.
    ///   - allowed: Names of protected objects that may be removed.
    package init(
        live: ResolvedGraph,
        desired: ResolvedGraph,
        marks: GraphMarks = GraphMarks(),
        liveMarks: GraphMarks = GraphMarks(),
        allowed: Set<String> = []
    ) {
        let difference = GraphDifference(live: live, desired: desired)
        self.init(difference, marks, liveMarks, allowed)
    }

    private init(
        _ difference: GraphDifference,
        _ marks: GraphMarks,
        _ liveMarks: GraphMarks,
        _ allowed: Set<String>
    ) {
        let planner = Planner(difference: difference, marks: marks, liveMarks: liveMarks)
        let actions = planner.actions
        let analysis = ImpactAnalysis(difference)
        let exports = analysis.exports
        live = difference.live
        desired = difference.desired
        self.marks = marks
        self.liveMarks = liveMarks
        self.actions = actions
        self.exports = exports
        steps = planner.steps(actions, exports)
        replacedNodes = difference[.node].replaced
        formerNames = difference.names.formerNames
        protectedRemovals = planner.protectedRemovals(actions, allowed: allowed)
        refusals = protectedRemovals.map { object in
            Diagnostic(
                code: "E0601",
                message: "\(object) is protected and would be removed",
                mark: liveMarks.mark(object, "protect"),
                label: "protected here",
                help: [
                    "declare it again; when this is meant, run: sluice apply PATH --allow-remove "
                        + (ObjectKind.split(object)?.name ?? object)
                ]
            )
        }
        advice = makeAdvice()
    }

    /// Whether there is nothing to do.
    package var isEmpty: Bool { actions.isEmpty }

    /// Exports that must hold no request when the graph is switched.
    package var drainedExports: Set<String> {
        Set(exports.filter { $0.impact == .pause }.map(\.name))
    }

    /// What a plan is called by.
    package struct Identity: Hashable, Sendable {
        /// A digest of all that the plan means, whatever the files are called.
        package let id: String
        /// Digest of the live graph.
        package let liveDigest: String
        /// Digest of the wished graph.
        package let desiredDigest: String
    }

    /// What the plan is called by; worked out anew each time, since large graphs take a while.
    package var identity: Identity {
        identity(liveDigest: live.digest, desiredDigest: desired.digest)
    }

    /// What the plan is called by, when the digests of both graphs are known.
    package func identity(liveDigest before: String, desiredDigest after: String) -> Identity {
        let meaning: JSONValue = [
            "format": .text(Self.formatName), "live": .text(before), "desired": .text(after),
            "actions": .list(actions.map { .object($0.meaning) }),
            "steps": .list(steps.enumerated().map { $1.json(number: $0 + 1) }),
            // Whatever is not said of an export: nothing of it is noticed.
            "exports": .list(exports.filter { $0.impact != .untouched }.map(Self.json(of:))),
        ]
        return Identity(
            id: Digest.text(of: meaning.compactBytes),
            liveDigest: before,
            desiredDigest: after
        )
    }

    /// The plan's name; see ``identity``.
    package var id: String { identity.id }

    /// Live objects that the plan depends on, with the versions that it saw.
    package var footprint: Footprint {
        Footprint(actions: actions, live: live, desired: desired)
    }

    static func json(of export: ExportImpact) -> JSONValue {
        ["name": .text(export.name), "impact": .text(export.impact.rawValue)]
    }
}
