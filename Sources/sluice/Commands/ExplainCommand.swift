import ArgumentParser
import ControlAPI
import GraphModel
import Reconciliation

/// `sluice explain`: the long text of a finding's code.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Explains the code of a finding, or a live node or export.",
        discussion: """
            sluice explain E0412        what a finding means, and what to do
            sluice explain vm1          who uses a live node or export, and what it uses
            sluice explain vm1 --at @7  the same in a generation that is kept
            sluice explain              all codes
            """
    )

    @Argument(
        help: "A code such as E0412, or a node or export that is live.",
        completion: .list(DiagnosticPage.all.map(\.code))
    )
    var code: String?

    @Option(help: ArgumentHelp("The generation to look into.", valueName: "@N"))
    var at: GenerationArgument?

    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard at == nil || code.map({ !isCode($0) }) ?? false else {
            throw ValidationError("--at wants a node or export to tell of")
        }
    }

    func run() throws {
        guard let code else {
            switch output.format {
            case .text:
                for page in DiagnosticPage.all { Terminal.print("\(page.code)  \(page.title)\n") }
            case .json: Terminal.print(json: .list(DiagnosticPage.all.map(json)))
            }
            return
        }
        guard isCode(code) else { return try tell(of: code) }
        guard let page = DiagnosticPage.all.first(where: { $0.code == code.uppercased() }) else {
            let closest = Spelling.near(code.uppercased(), among: DiagnosticPage.all.map(\.code))
            Terminal.note(
                "error: no finding has the code \"\(code)\""
                    + (closest.first.map { "; did you mean \"\($0)\"?" } ?? "")
                    + "\nAll codes: sluice explain\n"
            )
            return try end(with: .usage)
        }
        switch output.format {
        case .text:
            let palette = Palette(isOn: Terminal.hasColour)
            Terminal.print(
                "\(palette.paint("\(page.code): \(page.title)", .strong))\n\n\(page.text)\n"
            )
        case .json: Terminal.print(json: json(page))
        }
    }

    /// Whether a word is meant as a code: a letter and digits.
    private func isCode(_ word: String) -> Bool {
        guard let first = word.first, "EWew".contains(first), word.count > 1 else { return false }
        return word.dropFirst().allSatisfy(\.isNumber)
    }

    private func tell(of word: String) throws {
        let graph = try graph()
        guard let story = ObjectStory(word, in: graph) else {
            let closest = Spelling.near(word, among: ObjectStory.names(in: graph))
            Terminal.note(
                "error: nothing that \(at.map { "was live in @\($0.number)" } ?? "is live") "
                    + "is called \"\(word)\""
                    + (closest.first.map { "; did you mean \"\($0)\"?" } ?? "") + "\n"
            )
            return try end(with: .usage)
        }
        switch output.format {
        case .text: Terminal.print(story.text)
        case .json: Terminal.print(json: story.json)
        }
    }

    /// What is live, or was in a generation.
    private func graph() throws -> JSONValue {
        guard let at else { return try ask(.graph, of: control) }
        do throws(LiveGraphError) {
            let kept = try LiveGraphSource(named: "@\(at.number)", control: control)
            return GraphAnswer.graph(ResolvedGraph(resolving: kept.description))
        } catch {
            report(error.findings, lines: error.lines)
            throw ExitCode(error.status.rawValue)
        }
    }

    private func json(_ page: DiagnosticPage) -> JSONValue {
        ["code": .text(page.code), "title": .text(page.title), "text": .text(page.text)]
    }
}
