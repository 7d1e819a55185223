import ArgumentParser

/// How a command prints its result.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    /// For people; may change with any version.
    case text
    /// For programs; additions only.
    case json
}

/// The option that chooses between them.
struct OutputOptions: ParsableArguments {
    @Option(name: [.customShort("o"), .customLong("output")], help: "text or json.")
    var format: OutputFormat = .text
}
