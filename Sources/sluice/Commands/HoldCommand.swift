import ArgumentParser
import ControlAPI
import GraphModel

/// `sluice hold`: the daemon leaves the live graph alone for a while.
struct HoldCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold",
        abstract: "Stops following the files for a while; applies by hand go on.",
        discussion: "A hold outlives a restart of the daemon, and ends by itself."
    )

    @Option(name: .customLong("for"), help: ArgumentHelp("How long.", valueName: "duration"))
    var duration: DurationArgument

    @Option(help: "Why; it is shown by status.")
    var reason: String

    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let body: JSONValue = [
            "seconds": .integer(Int64(clamping: duration.seconds)), "reason": .text(reason),
        ]
        try show(try ask(.hold, of: control, body: body), as: output.format)
    }
}

/// `sluice resume`: ends a hold.
struct ResumeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Ends a hold: the files are followed again."
    )

    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        try show(try ask(.resume, of: control), as: output.format)
    }
}
