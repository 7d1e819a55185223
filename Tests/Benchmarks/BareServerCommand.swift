import ArgumentParser

/// The process in which a `BareServer` runs.
struct BareServerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bare-server",
        abstract: "Serves a file over NBD with the least that can do it, for comparison.",
        shouldDisplay: false
    )

    @Argument(help: "Where it listens.")
    var socket: String

    @Argument(help: "The file that is served.")
    var file: String

    func run() throws {
        try BareServer(imagePath: file).serve(socketPath: socket)
    }
}
