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
            sluice schema driver NAME prints what sluice drivers NAME does.
            """
    )

    @Argument(help: "driver NAME: the fields of one driver, for people.")
    var subject: [String] = []

    @Flag(name: .customLong("plan"), help: "The schema of sluice plan -o json.")
    var isOfPlans = false

    @Flag(name: .customLong("json-schema"), help: "The schema of the language, as without it.")
    var isOfLanguage = false

    func validate() throws {
        if subject.isEmpty, !(isOfPlans && isOfLanguage) { return }
        guard subject.count == 2, subject[0] == "driver", !isOfPlans, !isOfLanguage else {
            throw ValidationError("Write one of: schema, schema --plan, schema driver NAME.")
        }
    }

    func run() throws {
        if let driver = subject.last { return try DriversCommand.describe(driver) }
        Terminal.print(json: isOfPlans ? PlanSchema.json : ConfigurationSchema.json)
    }
}
