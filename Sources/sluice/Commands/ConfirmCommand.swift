import ArgumentParser
import ControlAPI
import GraphModel

/// `sluice confirm`: keeps the change that awaits it.
struct ConfirmCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "confirm",
        abstract: "Keeps the change that goes back by itself otherwise.",
        discussion: "See apply --confirm. To go back at once: sluice rollback."
    )

    @Argument(help: "The generation that you mean, such as @44; another is not kept.")
    var generation: GenerationArgument?

    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let body: JSONValue =
            generation.map { ["generation": .integer(Int64(clamping: $0.number))] } ?? [:]
        try show(try ask(.confirm, of: control, body: body), as: output.format)
    }
}
