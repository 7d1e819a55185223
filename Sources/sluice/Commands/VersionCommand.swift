import ArgumentParser
import ControlAPI
import GraphModel
import Reconciliation

/// `sluice version`: what this binary is and what it understands.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Says the version, and which formats are understood."
    )

    @OptionGroup var output: OutputOptions

    func run() {
        switch output.format {
        case .text: Terminal.print("sluice \(SluiceVersion.current)\n")
        case .json:
            Terminal.print(
                json: [
                    "version": .text(SluiceVersion.current),
                    "configuration-formats": [1],
                    "plan-formats": [.text(Plan.formatName)],
                    "graph-formats": [.text(GraphDescription.formatName)],
                    "picture-formats": [.text(GraphPicture.formatName)],
                    "event-formats": ["sluice.event/1"],
                    "validate-formats": ["sluice.validate/1"],
                ])
        }
    }
}
