import ArgumentParser
import ControlAPI
import GraphModel
import Reconciliation

extension Sluice {
    /// Runs what the command line asks for.
    static func main() {
        let words = Array(CommandLine.arguments.dropFirst())
        guard let first = words.first else {
            Terminal.print(welcome)
            return
        }
        // Asked for help about what is not there, the library shows everything instead.
        if first == "help", words.count > 1, isUnknown(words[1]) { refuse(unknown(words[1])) }
        do {
            var command = try parseAsRoot(without(words))
            try command.run()
        } catch {
            // A command that ends with a code has said why.
            guard !(error is ExitCode),
                exitCode(for: error).rawValue == ExitStatus.usage.rawValue
            else { exit(withError: error) }
            refuse(isUnknown(first) ? unknown(first) : fullMessage(for: error))
        }
    }

    /// Words without a `--wait` that says no duration, where one may be said: a value of an option
    /// cannot be left out otherwise, and to wait is what happens anyway.
    private static func without(_ words: [String]) -> [String] {
        guard words.first == "reload" else { return words }
        return words.enumerated().filter { place, word in
            guard word == "--wait" else { return true }
            return words.dropFirst(place + 1).first?.first?.isNumber == true
        }.map(\.element)
    }

    /// Says how a command line is wrong, and ends.
    private static func refuse(_ message: String) -> Never {
        let palette = Palette(isOn: Terminal.notesHaveColour)
        // The library's own messages begin with a capital.
        let text = message.hasPrefix("Error: ") ? String(message.dropFirst(7)) : message
        Terminal.note("\(palette.paint("error", .error)): \(text)\n")
        exit(withError: ExitCode(ExitStatus.usage.rawValue))
    }

    private static func unknown(_ word: String) -> String {
        let closest = Spelling.near(word, among: verbs).map { "\"\($0)\"" }
        return "there is no command \"\(word)\""
            + (closest.isEmpty ? "" : "; did you mean \(closest.joined(separator: " or "))?")
            + "\nAll commands: sluice --help"
    }

    /// Names of all commands that people are told of.
    private static var verbs: [String] {
        configuration.subcommands.filter { $0.configuration.shouldDisplay }.flatMap {
            [$0.configuration.commandName ?? ""] + $0.configuration.aliases
        } + ["help"]
    }

    private static func isUnknown(_ word: String) -> Bool {
        !word.hasPrefix("-") && !verbs.contains(word)
    }

    /// What `sluice` alone says: what matters, and where to go on.
    private static let welcome = """
        sluice \(SluiceVersion.current) serves disks that are described in YAML.

          sluice validate PATH    check the files: every fault, with its place and a remedy
          sluice plan PATH        see what would change, and what each client would notice
          sluice apply PATH       make it so, as one transaction
          sluice status           see what is live, since when, and what is wrong

          sluice serve PATH       run the daemon, which follows the files
          sluice graph PATH       look at them as a picture

        All commands: sluice --help       One of them: sluice help plan, sluice man plan
        Drivers: sluice drivers           A finding's code: sluice explain E0412

        """
}
