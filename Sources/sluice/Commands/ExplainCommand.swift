import ArgumentParser
import ControlAPI
import GraphModel
import Reconciliation

/// `sluice explain`: the long text of a finding's code.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Explains the code of a finding, such as E0412."
    )

    @Argument(
        help: "A code; all are listed without one.",
        completion: .list(DiagnosticPage.all.map(\.code))
    )
    var code: String?

    @OptionGroup var output: OutputOptions

    func run() throws {
        guard let code else {
            switch output.format {
            case .text:
                for page in DiagnosticPage.all { Terminal.print("\(page.code)  \(page.title)\n") }
            case .json: Terminal.print(json: .list(DiagnosticPage.all.map(json)))
            }
            return
        }
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

    private func json(_ page: DiagnosticPage) -> JSONValue {
        ["code": .text(page.code), "title": .text(page.title), "text": .text(page.text)]
    }
}
