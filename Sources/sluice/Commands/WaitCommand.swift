import ArgumentParser
import ControlAPI
import GraphModel

/// `sluice wait`: ends when something has come to its end, one way or the other.
struct WaitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Waits until a configuration, commit or generation is live, or refused.",
        discussion: """
            Exit 0: it is or was live. 16: it was rejected, quarantined or superseded. 15: the \
            time is over, and the work goes on.
            """
    )

    @Option(help: "Digest of a normalised configuration, at least 7 digits.")
    var digest: String?

    @Option(help: "Git commit of the work tree that holds the files, at least 7 digits.")
    var commit: String?

    @Option(help: "Generation, or a later one.")
    var generation: GenerationArgument?

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("Condition, such as Ready or Degraded=False.", valueName: "condition")
    )
    var condition: String?

    @Option(help: ArgumentHelp("Longest wait (default 5m).", valueName: "duration"))
    var timeout: DurationArgument?

    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    private static let defaultSeconds: UInt64 = 300

    func validate() throws {
        let given = [digest, commit, condition].compactMap(\.self).count
        guard given + (generation == nil ? 0 : 1) == 1 else {
            throw ValidationError("say one of --digest, --commit, --generation and --for")
        }
    }

    func run() throws {
        var left = timeout?.seconds ?? Self.defaultSeconds
        while true {
            let seconds = min(left, ControlLimits.waitSecondsMax)
            let verdict = try ask(.wait, of: control, query: query(seconds))
            left -= seconds
            let isOver = verdict["exit"]?.integer != Int64(ExitStatus.timeout.rawValue)
            guard isOver || left == 0 else { continue }
            return try show(verdict, as: output.format)
        }
    }

    private func query(_ seconds: UInt64) -> ControlQuery {
        var values = ["seconds": String(seconds)]
        if let digest { values["digest"] = digest }
        if let commit { values["commit"] = commit }
        if let generation { values["generation"] = String(generation.number) }
        if let condition { values["for"] = condition }
        return ControlQuery(values)
    }
}
