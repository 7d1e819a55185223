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

    func run() throws {
        guard let code else {
            for page in DiagnosticPage.all { Terminal.print("\(page.code)  \(page.title)\n") }
            return
        }
        guard let page = DiagnosticPage.all.first(where: { $0.code == code.uppercased() }) else {
            let closest = Spelling.near(code.uppercased(), among: DiagnosticPage.all.map(\.code))
            Terminal.note(
                "sluice: no finding has the code \"\(code)\""
                    + (closest.first.map { "; did you mean \"\($0)\"?" } ?? "") + "\n"
            )
            return try end(with: .usage)
        }
        Terminal.print("\(page.code): \(page.title)\n\n\(page.text)\n")
    }
}
