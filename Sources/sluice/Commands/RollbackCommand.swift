import ArgumentParser
import ControlAPI
import Glibc
import GraphModel
import Reconciliation

/// `sluice rollback`: back to a generation, planned and shown like any change.
struct RollbackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Goes back to a generation, as one transaction.",
        discussion: """
            Without a generation: to the one before the change that awaits its confirmation, or \
            before the live one. The plan is shown first. On a terminal you are asked; without \
            one, --yes is needed. The files are tried again when they change next.
            """
    )

    @Argument(help: "The generation, such as @41.")
    var generation: GenerationArgument?

    @Flag(help: "Do not ask.")
    var yes = false

    @Option(
        name: .customLong("allow-remove"),
        help: ArgumentHelp("Object that may be removed though a guard holds it.", valueName: "name")
    )
    var allowedRemovals: [String] = []

    @Option(
        name: .customLong("drain-timeout"),
        help: ArgumentHelp("Longest wait for requests in flight.", valueName: "duration")
    )
    var drainTimeout: DurationArgument?

    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let interrupt = InterruptWatch(socket: control.socket)
        guard yes || isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 else {
            Terminal.note("error: without a terminal, rollback needs --yes; nothing was done\n")
            throw ExitCode(ExitStatus.usage.rawValue)
        }
        let wanted = try generation?.number ?? generationBefore()
        let target = try description(ControlQuery(["generation": String(wanted)]))
        let live = try description(ControlQuery())
        let plan = Plan(live: live, desired: target, allowed: Set(allowedRemovals))
        if output.format == .text {
            Terminal.print(
                PlanText(
                    plan: plan,
                    live: live,
                    desired: target,
                    fileCount: 0,
                    paths: [],
                    palette: Palette(isOn: Terminal.hasColour),
                    isPlain: Terminal.isPlain
                ).text
            )
        }
        if !yes, !plan.isEmpty, !isAgreed(wanted) {
            Terminal.note("Nothing was changed.\n")
            throw ExitCode(ExitStatus.interrupted.rawValue)
        }
        let request = RollbackRequest(
            generation: wanted,
            allowRemove: allowedRemovals,
            drainTimeoutNanoseconds: drainTimeout?.nanoseconds,
            plan: plan.id
        )
        interrupt.begin()
        let verdict = try ask(.rollback, of: control, body: request.json)
        interrupt.end()
        try show(verdict, as: output.format)
    }

    /// The one that comes back when none is named.
    private func generationBefore() throws -> UInt64 {
        let status = try ask(.status, of: control)
        let pending = status["confirm"]?["revertsTo"]?.integer
        let wanted = pending ?? (status["generation"]?.integer ?? 0) - 1
        guard wanted > 0 else {
            Terminal.note("error: there is no generation before the live one\n")
            throw ExitCode(ExitStatus.failure.rawValue)
        }
        return UInt64(wanted)
    }

    private func description(_ query: ControlQuery) throws -> GraphDescription {
        let answer = try ask(.description, of: control, query: query)
        do {
            return try GraphDescription(json: answer["description"] ?? .null)
        } catch {
            Terminal.note("error: the daemon answered what this version does not know: \(error)\n")
            throw ExitCode(ExitStatus.failure.rawValue)
        }
    }

    private func isAgreed(_ wanted: UInt64) -> Bool {
        Terminal.note("Go back to @\(wanted)? [y/N] ")
        let answer = readLine() ?? ""
        return answer == "y" || answer == "yes"
    }
}
