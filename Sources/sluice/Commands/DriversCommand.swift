import ArgumentParser
import ControlAPI
import GraphModel
import Reconciliation

/// `sluice drivers`: the reference, printed from the tables that the parser uses.
struct DriversCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drivers",
        abstract: "Lists drivers, or all about one: children, options, what a change costs."
    )

    @Argument(
        help: "A driver; all are listed without one.",
        completion: .list(Catalog.drivers.map(\.name))
    )
    var name: String?

    @OptionGroup var output: OutputOptions

    func run() throws {
        guard let name else {
            switch output.format {
            case .text: Terminal.print(DriverReference.list)
            case .json:
                Terminal.print(JSONValue.list(Catalog.drivers.map(DriverReference.json)).prettyText)
            }
            return
        }
        try Self.describe(name, as: output.format)
    }

    /// Prints all about one driver.
    static func describe(_ name: String, as format: OutputFormat = .text) throws {
        guard let driver = Catalog.driver(name) else {
            let closest = Spelling.near(name, among: Catalog.drivers.map(\.name))
            Terminal.note(
                "error: unknown driver \"\(name)\""
                    + (closest.first.map { "; did you mean \"\($0)\"?" } ?? "") + "\n"
            )
            throw ExitCode(ExitStatus.usage.rawValue)
        }
        switch format {
        case .text:
            let palette = Palette(isOn: Terminal.hasColour)
            Terminal.print(DriverReference.text(of: driver, palette))
        case .json: Terminal.print(DriverReference.json(of: driver).prettyText)
        }
    }
}
