import GraphModel
import Reconciliation

/// Writes a plan as a comment of a pull request: a verdict, what exports notice, then the actions.
struct PlanMarkdown {
    /// Longest comment that the usual hosts take is 65,536 characters.
    private static let charactersMax = 60_000

    let plan: Plan
    let context: PlanContext
    let findings: [Diagnostic]
    let command: String

    /// The whole text.
    var text: String {
        let verdict = plan.verdict(context)
        var text = "### sluice plan: \(title(verdict))\n\n"
        text += "`\(PlanText.short(plan.identity.desiredDigest))` against "
        text += context.generation > 0 ? "@\(context.generation) " : ""
        text += "`\(PlanText.short(plan.identity.liveDigest))`\n\n"
        text += exports + problems
        text += actions(room: Self.charactersMax - text.count)
        if verdict == .ready { text += "\nApply with `\(command)`\n" }
        return text
    }

    private func title(_ verdict: Plan.Verdict) -> String {
        switch verdict {
        case .empty: "no changes"
        case .ready: plan.summary
        case .held: "held by a guard"
        case .conflict: "permission conflict"
        case .invalid: "invalid"
        }
    }

    private var exports: String {
        let noticed = plan.exports.filter { $0.impact != .untouched }
        guard !noticed.isEmpty else { return "" }
        let words: [ExportImpact.Impact: String] = [
            .noPause: "no pause", .pause: "**pause**" + PlanText.pauseWords(context.forecast),
            .starts: "starts", .stops: "**stops**",
        ]
        var text = "| export | what clients notice |\n|---|---|\n"
        for export in noticed.prefix(200) {
            text += "| \(cell(export.name)) | \(words[export.impact] ?? "") |\n"
        }
        if noticed.count > 200 { text += "| … | \(noticed.count - 200) more |\n" }
        let untouched = plan.exports.count - noticed.count
        if untouched > 0 { text += "\n\(PlanText.count(untouched, "export")) untouched.\n" }
        return text + "\n"
    }

    private var problems: String {
        var text = ""
        for finding in findings.prefix(50) {
            let place = finding.mark.map { "`\($0.file):\($0.line):\($0.column)` " } ?? ""
            text += "- \(place)**\(finding.code)** \(cell(finding.message))\n"
            for line in finding.help { text += "  - \(cell(line))\n" }
            for (number, fix) in fixes(of: finding) {
                let place = fix.place.map { "`\($0.file):\($0.line)` " } ?? ""
                text += "  - fix \(number), \(cell(fix.title)): \(place)\(cell(fix.what))\n"
            }
        }
        if findings.count > 50 { text += "- … \(findings.count - 50) more\n" }
        return text.isEmpty ? "" : text + "\n"
    }

    private func fixes(of finding: Diagnostic) -> [(number: Int, fix: ProposedFix)] {
        guard let entry = context.fixes.entry(of: finding) else { return [] }
        return entry.fixes.enumerated().map { (entry.firstNumber + $0, $1) }
    }

    private func actions(room: Int) -> String {
        guard !plan.isEmpty else { return "" }
        let body = PlanText(
            plan: plan,
            live: plan.live,
            desired: plan.desired,
            fileCount: context.files.count,
            paths: [],
            palette: Palette(isOn: false),
            isPlain: false,
            clients: context.clients,
            forecast: context.forecast,
            guards: context.enforcesGuards ? context.guards : [],
            hasConflict: plan.verdict(context) == .conflict
        ).text
        var lines = body.split(separator: "\n", omittingEmptySubsequences: false)
        var left = room - 400
        let countShown = lines.prefix { line in
            left -= line.count + 1
            return left > 0
        }.count
        let hidden = lines.count - countShown
        if hidden > 0 { lines = lines.prefix(countShown) + ["… \(hidden) more lines: sluice plan"] }
        let shown = lines.joined(separator: "\n").replacing("```", with: "` ` `")
        return "<details><summary>\(PlanText.count(plan.actions.count, "action"))</summary>\n\n"
            + "```\n\(shown)\n```\n\n</details>\n"
    }

    /// Text that breaks no table, and calls nobody.
    private func cell(_ text: String) -> String {
        var shown = ""
        for character in text {
            switch character {
            case "|", "\\", "`", "*", "_", "<", ">", "[", "]", "#", "@": shown += "\\\(character)"
            case "\n", "\r": shown += " "
            default: shown.append(character)
            }
        }
        return shown
    }
}
