import ArgumentParser
import ControlAPI
import GraphModel
import Reconciliation

/// Runs a plan that was saved: shows it, and has the daemon do exactly this or nothing.
struct SavedPlanRun {
    let options: ApplyCommand
    let path: String
    let bytes: [UInt8]

    /// The bytes of a file that is a saved plan, whole or damaged; `nil` for anything else.
    static func read(_ path: String) -> [UInt8]? {
        PlanFile.read(path, ifStart: SavedPlan.looksSaved)
    }

    /// Runs it.
    func run(_ interrupt: InterruptWatch) throws {
        let saved: SavedPlan
        do throws(SavedPlanError) {
            saved = try SavedPlan(encoded: bytes)
        } catch {
            return try refuse(error.reason, .refused, "DamagedPlan")
        }
        let origin: LiveGraphSource
        do throws(LiveGraphError) {
            origin = try LiveGraphSource(named: nil, control: options.control)
        } catch {
            report(error.findings, lines: error.lines)
            return try end(with: error.status)
        }
        let made = saved.json["live"]?["generation"]?.integer ?? 0
        if options.strict, made != origin.generation {
            let reason = "it was made against @\(made), and \(origin.title) is live (--strict)"
            return try refuse(reason, .stalePlan, "Stale")
        }
        if options.output.format == .text { try show(saved, origin) }
        let request = ApplyRequest(
            files: [],
            baseDirectory: baseDirectory(of: [path]),
            allowRemove: options.consent.allowedRemovals,
            drainTimeoutNanoseconds: options.consent.drainTimeout?.nanoseconds,
            confirmSeconds: options.confirm?.seconds,
            savedPlan: String(decoding: bytes, as: UTF8.self)
        )
        interrupt.begin()
        let verdict = try ask(.apply, of: options.control, body: request.json)
        interrupt.end()
        try sluice.show(verdict, as: options.output.format)
        try ConfirmationPrompt(
            verdict: verdict,
            control: options.control,
            waits: options.wait
        ).run()
    }

    /// Says what it does to what is live now; the daemon judges again.
    private func show(_ saved: SavedPlan, _ origin: LiveGraphSource) throws {
        let made = saved.json["live"]?["generation"]?.integer ?? 0
        let name = PlanText.short(saved.id)
        // A plan that has moved is refused by the daemon, which knows best what is live.
        guard let target = try? saved.target(from: origin.description) else { return }
        let moved = made == origin.generation ? "" : ", nothing this plan depends on has moved"
        Terminal.print("plan \(name) made against @\(made); live is \(origin.title)\(moved)\n")
        Terminal.print(
            PlanText(
                plan: Plan(live: origin.description, desired: target),
                live: origin.description,
                desired: target,
                fileCount: 0,
                paths: [],
                palette: Palette(isOn: Terminal.hasColour),
                isPlain: Terminal.isPlain,
                liveTitle: origin.title,
                clients: origin.clients
            ).text
        )
    }

    private func refuse(_ reason: String, _ status: ExitStatus, _ word: String) throws {
        switch options.output.format {
        case .json:
            Terminal.print(
                json: [
                    "exit": .integer(Int64(status.rawValue)), "reason": .text(word),
                    "message": .text(reason), "diagnostics": [],
                ])
        case .text: Terminal.note("error: \(path): \(reason); nothing was done\n")
        }
        try end(with: status)
    }
}
