import ArgumentParser
import ControlAPI
import Glibc

/// How far a command may go that changes what is live, and its question to a person.
struct ConsentOptions: ParsableArguments {
    @Flag(help: "Do not ask.")
    var yes = false

    @Option(
        name: .customLong("allow-remove"),
        help: ArgumentHelp("Object that may be removed though a guard holds it.", valueName: "name")
    )
    var allowedRemovals: [String] = []

    @Option(
        name: .customLong("drain-timeout"),
        help: ArgumentHelp("Longest wait for requests in flight.", valueName: "duration")
    )
    var drainTimeout: DurationArgument?

    /// Ends a command that could neither ask nor was told to go on.
    func requireAnswer(for command: String) throws {
        guard yes || isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 else {
            Terminal.note("error: without a terminal, \(command) needs --yes; nothing was done\n")
            throw ExitCode(ExitStatus.usage.rawValue)
        }
    }

    /// Asks, unless that was forbidden; ends the command when the answer is not yes.
    func ask(_ question: String) throws {
        if yes { return }
        Terminal.note("\(question) [y/N] ")
        let answer = readLine() ?? ""
        guard answer == "y" || answer == "yes" else {
            Terminal.note("Nothing was changed.\n")
            throw ExitCode(ExitStatus.interrupted.rawValue)
        }
    }
}
