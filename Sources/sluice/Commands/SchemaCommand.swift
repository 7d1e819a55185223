import ArgumentParser
import GraphModel
import Reconciliation

/// `sluice schema`: the language, or a plan's JSON form, as a JSON Schema.
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Prints the JSON Schema of the language for editors, or of plans for programs.",
        discussion: """
            Save it beside the files and name it in their first line:
              sluice schema > sluice.schema.json
              # yaml-language-server: $schema=sluice.schema.json
            What one value cannot show (names, cycles, permissions) is for sluice validate.
            """
    )

    @Flag(name: .customLong("plan"), help: "The schema of sluice plan -o json.")
    var isOfPlans = false

    func run() {
        Terminal.print(json: isOfPlans ? PlanSchema.json : ConfigurationSchema.json)
    }
}
