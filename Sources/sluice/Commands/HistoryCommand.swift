import ArgumentParser
import ControlAPI
import GraphModel

/// `sluice history`: generations that were live.
struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Lists the generations that were live, the newest first."
    )

    @Option(name: .customShort("n"), help: "How many.")
    var count = 20

    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let query = ControlQuery(["count": String(max(0, count))])
        let history = try ask(.history, of: control, query: query)
        switch output.format {
        case .json: Terminal.print(history.prettyText)
        case .text:
            let live = history["live"]?.integer ?? 0
            for record in history["generations"]?.list ?? [] {
                let mark = record["generation"]?.integer == live ? "*" : " "
                Terminal.print("\(mark) \(HistoryLine(record).text)\n")
            }
        }
    }
}

/// One generation on one line.
struct HistoryLine {
    private let record: JSONValue

    init(_ record: JSONValue) { self.record = record }

    var text: String {
        let digest = (record["digest"]?.text ?? "").dropFirst("sha256:".count).prefix(8)
        let commit = record["commit"]?.text.map { "  git \($0.prefix(8))" } ?? ""
        let actor = record["actor"]?.text.map { " by \($0)" } ?? ""
        return pad("@\(record["generation"]?.integer ?? 0)", 6) + pad(String(digest), 9)
            + pad(record["time"]?.text ?? "", 21) + pad(origin + actor, 12) + changes + commit
    }

    private var origin: String {
        switch record["origin"]?.text {
        case "files": "files"
        case "hand": "apply"
        case "rollback": "rollback"
        case "unconfirmed": "not confirmed"
        default: ""
        }
    }

    private var changes: String {
        let counts = (record["summary"] ?? record["plan"]?["summary"])?.members ?? []
        return counts.filter { ($0.value.integer ?? 0) > 0 }
            .map { "\($0.value.integer ?? 0) to \($0.key)" }.joined(separator: ", ")
    }
}
