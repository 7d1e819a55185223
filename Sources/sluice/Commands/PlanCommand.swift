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
            Nothing is changed. Exit 0: fine (with --detailed-exitcode 2 when there are changes), \
            11: permissions conflict, 12: refused by a guard, 65: invalid, 66: cannot be read.
            """
    )

    @Argument(help: "Files and directories; - is standard input.")
    var paths: [String]

    @Option(
        help: ArgumentHelp(
            "What is live: empty, a configuration's file or directory, or a daemon's socket. "
                + "Without it, the daemon is asked.",
            valueName: "live"
        )
    )
    var live: String?

    @Flag(name: .customLong("detailed-exitcode"), help: "End with 2 when there are changes.")
    var hasDetailedExitCode = false

    @Option(
        name: .customLong("allow-remove"),
        help: ArgumentHelp("Object that may be removed though protected.", valueName: "name")
    )
    var allowedRemovals: [String] = []

    @OptionGroup var control: ControlOptions

    @OptionGroup var output: OutputOptions

    func run() throws {
        let source = ConfigurationSource(paths: paths)
        guard source.faults.isEmpty else {
            try refuse(source.faults, lines: source.lines, status: .sourceMissing)
            return
        }
        let desired = Configuration(texts: source.texts)
        guard desired.verdict != .invalid else {
            try refuse(
                desired.diagnostics,
                omittedCount: desired.omittedDiagnosticCount,
                lines: source.lines,
                status: .invalid
            )
            return
        }
        let origin: LiveGraphSource
        do throws(LiveGraphError) {
            origin = try LiveGraphSource(named: live, control: control)
        } catch {
            try refuse(error.findings, lines: error.lines, status: error.status)
            return
        }
        // A daemon's paths are absolute; only then do equal files mean an empty plan.
        let wished =
            origin.isAnchored
            ? desired.description.anchored(at: baseDirectory(of: paths)) : desired.description
        let plan = Plan(
            live: origin.description,
            desired: wished,
            marks: desired.marks,
            liveMarks: origin.marks,
            allowed: Set(allowedRemovals)
        )
        try show(plan, desired, source, origin)
    }

    private func show(
        _ plan: Plan,
        _ desired: Configuration,
        _ source: ConfigurationSource,
        _ origin: LiveGraphSource
    ) throws {
        switch output.format {
        case .json:
            Terminal.print(
                plan.json(
                    conflicts: desired.resolved?.conflicts ?? [],
                    diagnostics: desired.diagnostics,
                    omittedCount: desired.omittedDiagnosticCount
                ).prettyText
            )
        case .text:
            report(
                desired.diagnostics,
                omittedCount: desired.omittedDiagnosticCount,
                lines: source.lines
            )
            guard desired.verdict == .valid else {
                Terminal.note("\nNo plan. What is live stays as it is.\n")
                break
            }
            Terminal.print(
                PlanText(
                    plan: plan,
                    live: origin.description,
                    desired: desired.description,
                    fileCount: source.texts.count,
                    paths: paths,
                    palette: Palette(isOn: Terminal.hasColour),
                    isPlain: Terminal.isPlain
                ).text
            )
            report(plan.refusals, lines: origin.lines)
        }
        try end(with: status(of: plan, desired))
        if hasDetailedExitCode, !plan.isEmpty { throw ExitCode(2) }
    }

    private func status(of plan: Plan, _ desired: Configuration) -> ExitStatus {
        let status = ConfigurationSource.exitStatus(of: desired.verdict)
        if status != .done { return status }
        return plan.refusals.isEmpty ? .done : .refused
    }

    /// Says why there is no plan.
    private func refuse(
        _ findings: [Diagnostic],
        omittedCount: Int = 0,
        lines: SourceLines,
        status: ExitStatus
    ) throws {
        switch output.format {
        case .json:
            Terminal.print(
                json: [
                    "format": .text(Plan.formatName), "verdict": "invalid", "actions": [],
                    "steps": [], "exports": [], "conflicts": [],
                    "diagnostics": .list(findings.map(\.json)),
                    "omitted-diagnostics": .integer(Int64(omittedCount)),
                ])
        case .text: report(findings, omittedCount: omittedCount, lines: lines)
        }
        try end(with: status)
    }
}
