import ArgumentParser
import ControlAPI
import Glibc
import GraphModel

/// What follows an apply that goes back by itself: the question on a terminal, or the wait.
struct ConfirmationPrompt {
    /// The daemon's answer to the apply.
    let verdict: JSONValue
    let control: ControlOptions
    /// Whether to stay without a terminal.
    let waits: Bool

    /// Asks or waits, when the change awaits a confirmation.
    func run() throws {
        guard let generation = verdict["confirm"]?["generation"]?.integer,
            let revertsTo = verdict["confirm"]?["revertsTo"]?.integer,
            let deadline = verdict["confirm"]?["deadlineUnixSeconds"]?.integer
        else { return }
        let seconds = max(0, deadline - Int64(time(nil)))
        let isTerminal = isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1
        Terminal.note(
            "Going back to @\(revertsTo) in \(seconds) s unless you run `sluice confirm \(generation)`."
                + (isTerminal && !waits ? " Enter = keep: " : "\n")
        )
        if isTerminal, !waits {
            guard readLine() != nil else { return }
            let body: JSONValue = ["generation": .integer(generation)]
            return try show(try ask(.confirm, of: control, body: body), as: .text)
        }
        if waits { try waitForEnd(generation) }
    }

    private func waitForEnd(_ generation: Int64) throws {
        while true {
            let status = try ask(.status, of: control)
            if status["confirm"]?["generation"]?.integer == generation {
                // Until the next change of anything; a change is what ends it, too.
                let query = ControlQuery(["for": "Held=False", "seconds": "1"])
                _ = try ask(.wait, of: control, query: query)
                continue
            }
            if status["generation"]?.integer == generation {
                Terminal.note("@\(generation) is kept.\n")
                return
            }
            Terminal.note("@\(generation) was not confirmed; the graph before it is live again.\n")
            throw ExitCode(ExitStatus.applyFailed.rawValue)
        }
    }
}
