import ArgumentParser
import ControlAPI
import GraphModel

/// `sluice events`: what happened, and what happens.
struct EventsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Prints what happened, a line each; with --follow, as it happens.",
        discussion: """
            Each event has a number that never repeats: --since-seq resumes behind it. Without it \
            everything that is kept is printed, with --follow only what is to come.
            """
    )

    /// How events are printed.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        /// For people; may change with any version.
        case text
        /// For programs: one JSON object a line.
        case ndjson
    }

    @Flag(name: [.customShort("f"), .long], help: "Go on with what happens.")
    var follow = false

    @Option(
        name: .customLong("since-seq"),
        help: ArgumentHelp("Number of the last event that is known.", valueName: "number")
    )
    var sinceNumber: UInt64?

    @Option(help: ArgumentHelp("Only events about this object or export.", valueName: "name"))
    var object: String?

    @Option(name: [.customShort("o"), .customLong("output")], help: "text or ndjson.")
    var format: Format = .text

    @OptionGroup var control: ControlOptions

    func run() throws {
        var values: [String: String] = [:]
        if let sinceNumber {
            values["since-seq"] = String(sinceNumber)
        } else if !follow {
            values["since-seq"] = "0"
        }
        if follow { values["follow"] = "1" }
        let (format, object) = (format, object)
        do throws(ControlError) {
            try ControlClient(socket: control.socket(for: .events)).follow(
                .events,
                query: ControlQuery(values)
            ) { line in
                guard object == nil || Self.names(line, object) else { return true }
                return Terminal.tries(format == .ndjson ? line + "\n" : Self.text(of: line))
            }
        } catch {
            Terminal.note("error: \(error.reason)\n")
            throw ExitCode(error.exitCode)
        }
    }

    /// Whether an event is about an object.
    private static func names(_ line: String, _ object: String?) -> Bool {
        guard let object else { return true }
        // What is no JSON names nothing.
        let event = try? JSONValue(json: Array(line.utf8))
        let own = [event?["object"]?.text, event?["export"]?.text].compactMap(\.self)
        let listed = (event?["exports"]?.list ?? []).compactMap { $0["name"]?.text }
        return (own + listed).contains { $0 == object || $0.hasSuffix("/" + object) }
    }

    private static func text(of line: String) -> String {
        // What is no JSON is shown as it came.
        guard let event = try? JSONValue(json: Array(line.utf8)) else { return line + "\n" }
        let known: Set<String> = ["format", "seq", "time", "type", "digest", "generation"]
        let rest = (event.members ?? []).filter { !known.contains($0.key) }.map { member in
            let value =
                member.value.text ?? String(decoding: member.value.compactBytes, as: UTF8.self)
            return "\(member.key)=\(value)"
        }
        return pad(event["time"]?.text ?? "", 21) + pad("@\(event["generation"]?.integer ?? 0)", 6)
            + pad(event["type"]?.text ?? "", 18) + rest.joined(separator: " ") + "\n"
    }
}
