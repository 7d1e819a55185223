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
            """,
        aliases: ["undo"]
    )

    @Argument(help: "The generation, such as @41.")
    var generation: GenerationArgument?

    @OptionGroup var consent: ConsentOptions

    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let interrupt = InterruptWatch(socket: control.socket)
        try consent.requireAnswer(for: "rollback")
        let wanted = try generation?.number ?? generationBefore()
        let target = try description(ControlQuery(["generation": String(wanted)]))
        let live = try description(ControlQuery())
        let plan = Plan(live: live, desired: target, allowed: Set(consent.allowedRemovals))
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
        if !plan.isEmpty { try consent.ask("Go back to @\(wanted)?") }
        let request = RollbackRequest(
            generation: wanted,
            allowRemove: consent.allowedRemovals,
            drainTimeoutNanoseconds: consent.drainTimeout?.nanoseconds,
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
}
