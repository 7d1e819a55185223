import ArgumentParser
import ControlAPI
import GraphModel
import Reconciliation

/// `sluice graph`: a picture of what is live, of what files wish, or of what a plan would change.
struct GraphCommand: ParsableCommand {
    /// Languages in which a picture is written.
    enum Language: String, ExpressibleByArgument, CaseIterable {
        case text, svg, mermaid, dot, json
    }

    /// Which state of a plan is shown.
    enum Side: String, ExpressibleByArgument, CaseIterable {
        case before, after, both
    }

    static let configuration = CommandConfiguration(
        commandName: "graph",
        abstract: "Draws the block graph: live, wished, or what a plan would change.",
        discussion: """
            sluice graph                           what is live
            sluice graph PATH                      what the files wish
            sluice graph PATH --live LIVE          what a plan from LIVE would change
            sluice graph PATH --changes            the same, from what the daemon serves
            sluice graph --plan FILE               what a saved plan would change
            sluice graph PATH --as svg > a.svg     a drawing for the browser

            Nothing is changed. Lines say what is used and what others may do: RW/RU.
            Exit 0: drawn, 10: the plan is stale, 11: drawn, permissions conflict, 12: no plan as \
            it was saved, 65: invalid, 66: cannot be read.
            """
    )

    @Argument(
        help: "Files and directories; - is standard input. Without any: what is live.",
        completion: .file(extensions: ["yaml", "yml"])
    )
    var paths: [String] = []

    @Option(
        help: ArgumentHelp(
            "Compare with: empty, a configuration, a dump, a generation such as @41, or a socket.",
            valueName: "live"
        ),
        completion: .file()
    )
    var live: String?

    @Flag(name: .customLong("changes"), help: "Compare with what the daemon serves.")
    var showsChanges = false

    @Option(
        help: ArgumentHelp("Draw a plan that `sluice plan --out` saved.", valueName: "file"),
        completion: .file()
    )
    var plan: String?

    @Option(
        help: ArgumentHelp("Of a comparison: before, after or both.", valueName: "side")
    )
    var side: Side = .both

    @Option(
        help: ArgumentHelp("Only what is near a node or an export.", valueName: "object"),
        completion: .custom(ObjectCompletion.objects)
    )
    var around: String?

    @Option(
        name: [.customShort("r"), .long],
        help: ArgumentHelp("How many lines away is near.", valueName: "steps")
    )
    var radius = 2

    @Option(name: .customLong("as"), help: "text, svg, mermaid, dot or json.")
    var language: Language?

    @OptionGroup var fileSize: FileSizeOptions

    @OptionGroup var control: ControlOptions

    @OptionGroup var output: OutputOptions

    func validate() throws {
        if radius < 0 { throw ValidationError("--radius wants 0 or more steps.") }
        if language != nil, language != .json, output.format == .json {
            throw ValidationError("--as and -o json ask for different things; give one of them.")
        }
        if plan != nil, !paths.isEmpty || showsChanges {
            throw ValidationError("--plan says itself what is wished: leave out paths, --changes.")
        }
        if side != .both, live == nil, plan == nil, !showsChanges {
            throw ValidationError("--side is about a comparison: add --live LIVE or --changes.")
        }
        if paths.isEmpty, showsChanges {
            throw ValidationError("--changes compares files with the daemon: name the files.")
        }
    }

    func run() throws {
        let made: Made
        do throws(LiveGraphError) {
            made = try make()
        } catch {
            report(error.findings, lines: error.lines)
            return try end(with: error.status)
        }
        var picture = made.picture
        if let around { picture = try part(of: picture, around) }
        let language = self.language ?? (output.format == .json ? .json : .text)
        guard picture.boxes.count <= GraphPicture.boxesMax || language == .json else {
            Terminal.note(
                "error: \(picture.boxes.count) boxes are too many for one picture (at most "
                    + "\(GraphPicture.boxesMax)); show a part: --around NAME\n"
            )
            return try end(with: .usage)
        }
        show(picture, as: language, title: made.title)
        try end(with: made.status)
    }

    /// A picture, what it is of, and how the command ends.
    private struct Made {
        let picture: GraphPicture
        let title: String
        var status = ExitStatus.done
    }

    private var liveGraph: LiveGraphSource {
        get throws(LiveGraphError) {
            try LiveGraphSource(
                named: live,
                control: control,
                fileBytesMax: fileSize.fileBytesMax
            )
        }
    }

    private func make() throws(LiveGraphError) -> Made {
        if let plan { return try make(ofPlan: plan) }
        guard !paths.isEmpty else {
            let origin = try liveGraph
            let graph = ResolvedGraph(resolving: origin.description)
            return Made(picture: GraphPicture(of: graph), title: live ?? "live graph")
        }
        let source = ConfigurationSource(paths: paths, fileBytesMax: fileSize.fileBytesMax)
        guard source.faults.isEmpty else {
            throw LiveGraphError(
                findings: source.faults,
                lines: source.lines,
                status: .sourceMissing
            )
        }
        let desired = source.configuration
        guard desired.verdict != .invalid, let graph = desired.resolved else {
            throw LiveGraphError(
                findings: desired.diagnostics,
                lines: source.lines,
                status: .invalid
            )
        }
        // A conflict is easier to see in the picture: it is drawn, and reported.
        report(desired.diagnostics, lines: source.lines)
        let status = ConfigurationSource.exitStatus(of: desired.verdict)
        let name = paths.joined(separator: " ")
        guard live != nil || showsChanges else {
            return Made(picture: GraphPicture(of: graph), title: name, status: status)
        }
        let origin = try liveGraph
        let after =
            origin.isAnchored
            ? ResolvedGraph(
                resolving: desired.description.anchored(at: baseDirectory(of: paths))
            ) : graph
        return Made(
            picture: compare(ResolvedGraph(resolving: origin.description), after),
            title: title(name),
            status: status
        )
    }

    private func make(ofPlan path: String) throws(LiveGraphError) -> Made {
        guard let bytes = SavedPlanRun.read(path) else {
            let reason = "\(path) is no plan; save one with: sluice plan PATH --out \(path)"
            throw LiveGraphError("E0702", reason, .sourceMissing)
        }
        let saved: SavedPlan
        let before: GraphDescription
        let after: GraphDescription
        do throws(SavedPlanError) {
            saved = try SavedPlan(encoded: bytes)
        } catch {
            throw LiveGraphError("E0702", "\(path): \(error.reason)", .refused)
        }
        let origin = try liveGraph
        // A saved plan has no relative paths, so what it is compared with has none either; when it
        // was made, relative paths of both sides meant the same files.
        let base = saved.baseDirectory ?? baseDirectory(of: live.map { [$0] } ?? [])
        before = origin.anchored(at: base).description
        do throws(SavedPlanError) {
            after = try saved.target(from: before)
        } catch {
            throw LiveGraphError("E0704", "\(path): \(error.reason)", .stalePlan)
        }
        return Made(
            picture: compare(ResolvedGraph(resolving: before), ResolvedGraph(resolving: after)),
            title: title("\(path) (\(PlanText.short(saved.id)))")
        )
    }

    private func compare(_ before: ResolvedGraph, _ after: ResolvedGraph) -> GraphPicture {
        switch side {
        case .before: return GraphPicture(of: before)
        case .after: return GraphPicture(of: after)
        case .both:
            let plan = Plan(live: before.description, desired: after.description)
            return GraphPicture(of: plan, from: before, to: after)
        }
    }

    private func title(_ name: String) -> String {
        switch side {
        case .before: "\(live ?? "live"), before"
        case .after: "\(name), after"
        case .both: "\(live ?? "live") → \(name)"
        }
    }

    private func part(of picture: GraphPicture, _ name: String) throws -> GraphPicture {
        if let object = picture.object(named: name),
            let part = picture.around(object, steps: radius)
        {
            return part
        }
        let closest = Spelling.near(name, among: picture.boxes.map(\.name))
        Terminal.note(
            "error: nothing in the graph is called \"\(name)\""
                + (closest.first.map { "; did you mean \"\($0)\"?" } ?? "") + "\n"
        )
        throw ExitCode(ExitStatus.usage.rawValue)
    }

    private func show(_ picture: GraphPicture, as language: Language, title: String) {
        switch language {
        case .text:
            let tree = GraphTree(
                picture: picture,
                title: title,
                palette: Palette(isOn: Terminal.hasColour),
                isPlain: Terminal.isPlain
            )
            Terminal.print(tree.text)
        case .svg: Terminal.print(picture.svg(title: title))
        case .mermaid: Terminal.print(picture.mermaid(title: title))
        case .dot: Terminal.print(picture.dot(title: title))
        case .json: Terminal.print(json: picture.json)
        }
    }
}
