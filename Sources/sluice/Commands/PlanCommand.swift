import ArgumentParser
import ControlAPI
import GraphModel
import Reconciliation

/// `sluice plan`: what would change, and what each export would notice; changes nothing.
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Shows what would change, and what each export would notice.",
        discussion: """
            Nothing is changed. Exit 0: fine (with --detailed-exitcode 2 when there are changes, 3 \
            when they only undo drift, 4 for both), 11: permissions conflict, 12: refused by a \
            guard, 65: invalid, 66: cannot be read, 69: no daemon.
            """
    )

    @Argument(
        help: "Files and directories; - is standard input.",
        completion: .file(extensions: ["yaml", "yml"])
    )
    var paths: [String] = []

    @Option(
        help: ArgumentHelp(
            "What is live: empty, a configuration's file or directory, a dump of `show -o json`, "
                + "@N or a daemon's socket. Without it, the daemon is asked.",
            valueName: "live"
        )
    )
    var live: String?

    @Option(
        help: ArgumentHelp(
            "Plan against another machine: ssh://[user@]host[:port][/socket]. It is only looked at.",
            valueName: "machine"
        )
    )
    var against: RemoteMachine?

    @Option(help: ArgumentHelp("Plan a return to a generation.", valueName: "@N"))
    var to: GenerationArgument?

    @Option(help: ArgumentHelp("Save exactly this plan, for `sluice apply`.", valueName: "file"))
    var out: String?

    @Option(
        name: [.customLong("only"), .customLong("object")],
        help: ArgumentHelp(
            "Plan for this object and nothing else (repeatable); or show only actions of these "
                + "kinds: add,change,remove,replace,rename.",
            valueName: "object"
        )
    )
    var only: [String] = []

    @Flag(help: "Show what does not change as well, and all findings.")
    var full = false

    @Flag(
        name: .customLong("detailed-exitcode"),
        help: "End with 2, 3 or 4 when there are changes."
    )
    var hasDetailedExitCode = false

    @Option(
        name: .customLong("allow-remove"),
        help: ArgumentHelp("Object that may be removed though protected.", valueName: "name")
    )
    var allowedRemovals: [String] = []

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: "text, json, markdown or github."
    )
    var format: PlanOutputFormat = .text

    @OptionGroup var guards: GuardOptions
    @OptionGroup var fileSize: FileSizeOptions
    @OptionGroup var control: ControlOptions
    @OptionGroup var colour: ColourOptions

    func validate() throws {
        guard paths.isEmpty == (to != nil) else {
            throw ValidationError("name what is wished: paths, or a generation with --to @N")
        }
        guard against == nil || live == nil && to == nil else {
            throw ValidationError(
                "--against says what is live: neither --live nor --to goes with it"
            )
        }
    }

    func run() throws {
        colour.take()
        let answer = PlanAnswer(options: self)
        let source = ConfigurationSource(
            paths: paths,
            fileBytesMax: fileSize.fileBytesMax,
            isFull: full
        )
        guard source.faults.isEmpty else {
            let read = source.configuration
            return try answer.refuse(source.findings(of: read), source, .sourceMissing)
        }
        let desired = to == nil ? source.configuration : nil
        if let desired, desired.verdict == .invalid {
            return try answer.refuse(desired, source)
        }
        let origin: LiveGraphSource
        let wished: GraphDescription
        do throws(LiveGraphError) {
            origin = try self.origin(out == nil ? nil : baseDirectory(of: paths))
            if let desired { wished = graph(desired, origin) } else { wished = try generation() }
        } catch {
            return try answer.refuse(error.findings, source, error.status, lines: error.lines)
        }
        var plan = origin.plan(to: wished, of: desired, allowed: Set(allowedRemovals))
        if !objects.isEmpty {
            let part = PartialPlan(of: plan, only: objects)
            guard part.findings.isEmpty else {
                return try answer.refuse(part.findings, source, .refused)
            }
            plan = Plan(
                live: origin.description,
                desired: part.desired,
                marks: desired?.marks ?? GraphMarks(),
                liveMarks: origin.marks,
                allowed: Set(allowedRemovals)
            )
        }
        try answer.show(plan, desired, source, origin)
    }

    /// Objects that are planned for, when not for all.
    var objects: [String] { kinds.isEmpty ? only : [] }

    /// Kinds of actions that are shown, when not all.
    var kinds: Set<ObjectAction.Kind> {
        let words = only.flatMap { $0.split(separator: ",").map(String.init) }
        let kinds = words.compactMap(ObjectAction.Kind.init(rawValue:))
        return kinds.count == words.count ? Set(kinds) : []
    }

    private func origin(_ base: String?) throws(LiveGraphError) -> LiveGraphSource {
        let found: LiveGraphSource
        if let against {
            found = try against.live()
        } else {
            found = try LiveGraphSource(
                named: live,
                control: control,
                fileBytesMax: fileSize.fileBytesMax
            )
        }
        // A saved plan is run elsewhere, so it has no paths that depend on a place.
        return base.map(found.anchored) ?? found
    }

    private func graph(_ desired: Configuration, _ origin: LiveGraphSource) -> GraphDescription {
        // A daemon's paths are absolute; only then do equal files mean an empty plan.
        origin.isAnchored
            ? desired.description.anchored(at: baseDirectory(of: paths)) : desired.description
    }

    private func generation() throws(LiveGraphError) -> GraphDescription {
        let name = to.map { "@\($0.number)" }
        return try LiveGraphSource(named: name, control: control).description
    }
}
