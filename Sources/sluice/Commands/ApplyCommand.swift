import ArgumentParser
import ControlAPI
import Glibc
import GraphModel
import Reconciliation

/// `sluice apply`: plans against what is live, shows the plan, and has it made so.
struct ApplyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Applies a configuration in the daemon, as one transaction.",
        discussion: """
            The plan is shown first. On a terminal you are asked; without one, --yes is needed. \
            What is applied stands until the daemon's own files change next. A plan that was saved \
            with `sluice plan --out FILE` is run as it is, once, without a question; exit 10 when \
            something that it depends on has moved.
            """
    )

    @Argument(
        help: "Files and directories; all together are one configuration.",
        completion: .file(extensions: ["yaml", "yml"])
    )
    var paths: [String]

    @OptionGroup var consent: ConsentOptions

    @Option(
        help: ArgumentHelp(
            "Go back unless `sluice confirm` comes within this time.",
            valueName: "duration"
        )
    )
    var confirm: DurationArgument?

    @Flag(help: "With --confirm: wait for what comes; exit 0 when it is kept, 13 when not.")
    var wait = false

    @Flag(help: "Of a saved plan: only in the generation that it was made against.")
    var strict = false

    @OptionGroup var fileSize: FileSizeOptions
    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let interrupt = InterruptWatch(socket: control.socket)
        if paths.count == 1, let bytes = SavedPlanRun.read(paths[0]) {
            return try SavedPlanRun(options: self, path: paths[0], bytes: bytes).run(interrupt)
        }
        try consent.requireAnswer(for: "apply")
        let source = ConfigurationSource(paths: paths, fileBytesMax: fileSize.fileBytesMax)
        guard source.faults.isEmpty else {
            return try refuse(source.faults, source.lines, .sourceMissing)
        }
        let desired = source.configuration
        guard desired.verdict == .valid else {
            return try refuse(
                desired.diagnostics,
                source.lines,
                ConfigurationSource.exitStatus(of: desired.verdict)
            )
        }
        let origin: LiveGraphSource
        do throws(LiveGraphError) {
            origin = try LiveGraphSource(named: nil, control: control)
        } catch {
            return try refuse(error.findings, error.lines, error.status)
        }
        let plan = Plan(
            live: origin.description,
            desired: desired.description.anchored(at: baseDirectory(of: paths)),
            marks: desired.marks,
            allowed: Set(consent.allowedRemovals)
        )
        try apply(plan, desired, source, origin, interrupt)
    }

    private func apply(
        _ plan: Plan,
        _ desired: Configuration,
        _ source: ConfigurationSource,
        _ origin: LiveGraphSource,
        _ interrupt: InterruptWatch
    ) throws {
        if output.format == .text {
            report(desired.diagnostics, lines: source.lines)
            Terminal.print(
                PlanText(
                    plan: plan,
                    live: origin.description,
                    desired: desired.description,
                    fileCount: source.texts.count,
                    paths: [],
                    palette: Palette(isOn: Terminal.hasColour),
                    isPlain: Terminal.isPlain,
                    liveTitle: origin.title,
                    clients: origin.clients
                ).text
            )
        }
        if !plan.isEmpty { try consent.ask("Apply this plan?") }
        let request = ApplyRequest(
            files: source.texts.map {
                ApplyRequest.File(path: $0.path, text: String(decoding: $0.bytes, as: UTF8.self))
            },
            baseDirectory: baseDirectory(of: paths),
            allowRemove: consent.allowedRemovals,
            drainTimeoutNanoseconds: consent.drainTimeout?.nanoseconds,
            plan: plan.id,
            confirmSeconds: confirm?.seconds
        )
        interrupt.begin()
        var verdict = try ask(.apply, of: control, body: request.json)
        interrupt.end()
        if output.format == .json, case .object(let members) = verdict {
            verdict = .object(members + [JSONValue.Member("plan", plan.json)])
        }
        try show(verdict, as: output.format, lines: source.lines)
        try ConfirmationPrompt(verdict: verdict, control: control, waits: wait).run()
    }

    private func refuse(_ findings: [Diagnostic], _ lines: SourceLines, _ status: ExitStatus) throws
    {
        switch output.format {
        case .json:
            let answer: JSONValue = [
                "exit": .integer(Int64(status.rawValue)), "reason": "NotApplied",
                "diagnostics": .list(findings.map(\.json)),
            ]
            Terminal.print(answer.prettyText)
        case .text: report(findings, lines: lines)
        }
        try end(with: status)
    }
}
