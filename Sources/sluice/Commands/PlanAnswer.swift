import ArgumentParser
import ControlAPI
import GraphModel
import Reconciliation

/// Prints what came of planning, and ends with the code for it.
struct PlanAnswer {
    let options: PlanCommand

    /// Shows a plan; saves it when that was asked for.
    func show(
        _ plan: Plan,
        _ desired: Configuration?,
        _ source: ConfigurationSource,
        _ origin: LiveGraphSource
    ) throws {
        let context = context(plan, desired, source, origin)
        let verdict = plan.verdict(context)
        let isSaved = try save(plan, context, verdict)
        annotate(findings(plan, context))
        switch options.format {
        case .json: Terminal.print(plan.json(context).prettyText)
        case .text: showText(plan, context, source, origin, isSaved: isSaved)
        case .markdown:
            Terminal.print(
                PlanMarkdown(
                    plan: plan,
                    context: context,
                    findings: findings(plan, context),
                    command: nextCommand
                ).text
            )
        case .github: Terminal.print(AnnotationText.text(of: findings(plan, context)))
        }
        try end(with: status(of: verdict))
        if options.hasDetailedExitCode, !plan.isEmpty { throw ExitCode(detailed(plan, origin)) }
    }

    private func context(
        _ plan: Plan,
        _ desired: Configuration?,
        _ source: ConfigurationSource,
        _ origin: LiveGraphSource
    ) -> PlanContext {
        var context = PlanContext()
        if options.format == .json || options.out != nil { context.note(source.texts) }
        context.generation = origin.generation
        context.clients = origin.clients
        context.forecast = origin.forecast
        context.guards = options.guards.guards(of: origin.isDaemon ? origin.guards : nil).results(
            of: plan,
            clients: origin.clients,
            allowed: Set(options.allowedRemovals)
        )
        context.enforcesGuards = origin.isDaemon || options.guards.isGiven
        guard let desired else { return context }
        context.conflicts = desired.resolved?.conflicts ?? []
        context.diagnostics = desired.diagnostics
        context.omittedCount = desired.omittedDiagnosticCount
        if desired.verdict != .valid || !plan.likelyRenames.isEmpty {
            context.fixes = source.fixes(of: desired, plan: plan)
        }
        return context
    }

    /// Says findings to GitHub as well when a job of its own runs the command.
    private func annotate(_ findings: [Diagnostic]) {
        guard options.format != .github, environment("GITHUB_ACTIONS") == "true" else { return }
        // The host reads annotations from both streams; -o json must not be mixed with them.
        Terminal.note(AnnotationText.text(of: findings))
    }

    private func findings(_ plan: Plan, _ context: PlanContext) -> [Diagnostic] {
        context.diagnostics + plan.advice + plan.refusals + context.guardFindings
    }

    private func showText(
        _ plan: Plan,
        _ context: PlanContext,
        _ source: ConfigurationSource,
        _ origin: LiveGraphSource,
        isSaved: Bool
    ) {
        let own = context.diagnostics + plan.advice
        report(
            own,
            omittedCount: context.omittedCount,
            lines: source.lines,
            fixes: context.fixes,
            paths: options.paths + liveWords(plan)
        )
        guard own.allSatisfy({ $0.severity != .error }) else {
            Terminal.note("\nNo plan. What is live stays as it is.\n")
            return
        }
        if !own.isEmpty { Terminal.note("\n") }
        let size = TerminalSize.current
        Terminal.print(
            PlanText(
                plan: plan,
                live: plan.live,
                desired: plan.desired,
                fileCount: source.texts.count,
                paths: isApplicable(plan, context) ? options.paths : [],
                palette: Palette(isOn: Terminal.hasColour),
                isPlain: Terminal.isPlain,
                liveTitle: origin.title,
                clients: context.clients,
                forecast: context.forecast,
                guards: context.enforcesGuards ? context.guards : [],
                isFull: options.full,
                columns: size?.columns,
                rows: size?.rows,
                savedTo: isSaved ? options.out : nil,
                kinds: options.kinds
            ).text
        )
        report(plan.refusals + context.guardFindings, lines: origin.lines)
    }

    /// Whether `sluice apply` of the paths does what the plan says.
    private func isApplicable(_ plan: Plan, _ context: PlanContext) -> Bool {
        options.only.isEmpty && options.to == nil && plan.verdict(context) == .ready
    }

    /// What `sluice fix` needs to see the renames that the plan sees.
    private func liveWords(_ plan: Plan) -> [String] {
        plan.likelyRenames.isEmpty ? [] : ["--live", options.live ?? options.control.socket]
    }

    private var nextCommand: String {
        options.to.map { "sluice rollback @\($0.number)" }
            ?? "sluice apply \(options.paths.joined(separator: " "))"
    }

    private func save(
        _ plan: Plan,
        _ context: PlanContext,
        _ verdict: Plan.Verdict
    ) throws -> Bool {
        guard let path = options.out else { return false }
        guard verdict == .ready || verdict == .empty else { return false }
        let saved = SavedPlan(
            plan,
            json: plan.json(context),
            allowedRemovals: options.allowedRemovals,
            baseDirectory: baseDirectory(of: options.paths)
        )
        do throws(PlanFileError) {
            try PlanFile.write(saved.encoded, to: path)
            return true
        } catch {
            Terminal.note("error: \(path) cannot be written: \(error.reason)\n")
            throw ExitCode(ExitStatus.failure.rawValue)
        }
    }

    private func status(of verdict: Plan.Verdict) -> ExitStatus {
        switch verdict {
        case .empty, .ready: .done
        case .held: .refused
        case .conflict: .conflict
        case .invalid: .invalid
        }
    }

    /// 2 for changes that the files wish, 3 when they only undo what was done behind the files'
    /// back, 4 for both.
    private func detailed(_ plan: Plan, _ origin: LiveGraphSource) -> Int32 {
        guard origin.isDaemon, options.to == nil,
            let answer = try? ControlClient(
                socket: options.live ?? options.control.socket(for: .drift)
            ).ask(.drift),
            let drift = try? JSONValue(json: answer)["drift"]?.list
        else { return 2 }
        let drifted = Set(drift.compactMap { $0["object"]?.text })
        guard !drifted.isEmpty else { return 2 }
        return plan.actions.allSatisfy { drifted.contains($0.object) } ? 3 : 4
    }

    // What could not be planned.

    /// Says why there is no plan for a configuration.
    func refuse(_ desired: Configuration, _ source: ConfigurationSource) throws {
        try refuse(
            desired.diagnostics,
            source,
            .invalid,
            omittedCount: desired.omittedDiagnosticCount,
            fixes: source.fixes(of: desired)
        )
    }

    /// Says why there is no plan.
    func refuse(
        _ findings: [Diagnostic],
        _ source: ConfigurationSource,
        _ status: ExitStatus,
        lines: SourceLines? = nil,
        omittedCount: Int = 0,
        fixes: FixList = FixList()
    ) throws {
        annotate(findings)
        switch options.format {
        case .json:
            var context = PlanContext()
            context.note(source.texts)
            context.diagnostics = findings
            context.omittedCount = omittedCount
            Terminal.print(json: Plan.json(refused: context))
        case .github: Terminal.print(AnnotationText.text(of: findings))
        case .markdown:
            let list = findings.map { finding in
                let place = finding.mark.map { "`\($0.file):\($0.line):\($0.column)` " } ?? ""
                return "- \(place)**\(finding.code)** \(finding.message)\n"
            }
            Terminal.print("### sluice plan: no plan\n\n" + list.joined())
        case .text:
            report(
                findings,
                omittedCount: omittedCount,
                lines: lines ?? source.lines,
                fixes: fixes,
                paths: options.paths
            )
        }
        try end(with: status)
    }
}
