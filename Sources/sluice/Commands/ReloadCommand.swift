import ArgumentParser
import ControlAPI
import GraphModel

/// `sluice reload`: the daemon looks at its sources now.
struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Makes the daemon look at its files now, and says what came of it."
    )

    @Option(
        help: ArgumentHelp(
            "Longest wait for the verdict (--wait alone: any time, as without it).",
            valueName: "duration"
        )
    )
    var wait: DurationArgument?

    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let limit = wait.map { Int64(clamping: max($0.seconds, 1)) }
        try show(try ask(.reload, of: control, timeoutSeconds: limit), as: output.format)
    }
}

/// `sluice retry`: the daemon tries again what failed or is quarantined.
struct RetryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Makes the daemon try its files again, also when they are quarantined."
    )

    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        try show(try ask(.retry, of: control), as: output.format)
    }
}

/// Prints the daemon's verdict and ends with its code.
func show(_ verdict: JSONValue, as format: OutputFormat, lines: SourceLines = SourceLines([]))
    throws
{
    let code = verdict["exit"]?.integer ?? Int64(ExitStatus.failure.rawValue)
    switch format {
    case .json: Terminal.print(verdict.prettyText)
    case .text:
        let findings = (verdict["diagnostics"]?.list ?? []).compactMap(Diagnostic.init(json:))
        report(findings, lines: lines)
        let sentence = verdict["message"]?.text ?? ""
        let generation = verdict["generation"]?.integer ?? 0
        if code == 0 {
            Terminal.print("@\(generation): \(sentence)\n" + receiptText(verdict["receipt"]))
        } else {
            Terminal.note("\(sentence)\nWhat is live stays @\(generation).\n")
        }
    }
    if code != 0 { throw ExitCode(Int32(clamping: code)) }
}

/// What clients noticed, one line an export that noticed anything, and the sum.
private func receiptText(_ receipt: JSONValue?) -> String {
    guard let exports = receipt?["exports"]?.list, !exports.isEmpty else { return "" }
    var text = ""
    var (completed, failed): (Int64, Int64) = (0, 0)
    for export in exports {
        completed += export["completed"]?.integer ?? 0
        failed += export["failed"]?.integer ?? 0
        let pause = export["pause_ns"]?.integer ?? 0
        guard pause > 0 else { continue }
        text += "  \(export["name"]?.text ?? "")  paused \(milliseconds(pause)), "
        text += "\(export["held"]?.integer ?? 0) requests held, longest added delay "
        text += milliseconds(export["longest_added_ns"]?.integer ?? 0) + "\n"
    }
    for warning in (receipt?["warnings"]?.list ?? []).compactMap(\.text) {
        text += "  warning: \(warning)\n"
    }
    return text + "During apply: \(completed) requests completed, \(failed) failed.\n"
}

private func milliseconds(_ nanoseconds: Int64) -> String {
    let hundredths = nanoseconds / 10_000
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) ms"
}
