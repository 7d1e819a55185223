import ArgumentParser
import ControlAPI
import GraphModel
import Reconciliation

/// `sluice man`: manual pages, made from the tables that the commands and the parser use.
struct ManCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "man",
        abstract: "Prints a manual page, or writes all of them into a directory.",
        discussion: """
            sluice man                        names of all pages
            sluice man plan | man -l -        one page
            sluice man --write DIR            all of them, as packages install them
            """
    )

    @Argument(
        help: "A page: sluice, a command, sluice.yaml, sluice-drivers or sluice-errors.",
        completion: .custom { _, _, _ in ManualPages.all.map(\.name) }
    )
    var name: String?

    @Option(
        help: ArgumentHelp("Write all pages as DIR/man1/sluice.1 and so on.", valueName: "dir"),
        completion: .directory
    )
    var write: String?

    func validate() throws {
        if name != nil, write != nil {
            throw ValidationError("--write writes all pages: leave the name out.")
        }
    }

    func run() throws {
        if let write { return try writeAll(into: write) }
        guard let name else {
            for page in ManualPages.all {
                Terminal.print("\(page.title.padded(to: 24)) \(page.summary)\n")
            }
            return
        }
        let wanted = [name, "sluice-\(name)"]
        guard let page = ManualPages.all.first(where: { wanted.contains($0.name) }) else {
            let known = ManualPages.all.map(\.name)
            let closest =
                Spelling.near(name, among: known) + Spelling.near("sluice-\(name)", among: known)
            Terminal.note(
                "error: there is no page \"\(name)\""
                    + (closest.first.map { "; did you mean \"\($0)\"?" } ?? "")
                    + "\nAll pages: sluice man\n"
            )
            return try end(with: .usage)
        }
        Terminal.print(page.text)
    }

    private func writeAll(into directory: String) throws {
        for page in ManualPages.all {
            do throws(FileReplacementError) {
                try FileReplacement.create(
                    "\(directory)/man\(page.section)/\(page.name).\(page.section)",
                    Array(page.text.utf8)
                )
            } catch {
                Terminal.note("error: \(directory) cannot be written: \(error.reason)\n")
                return try end(with: .failure)
            }
        }
        Terminal.note("\(ManualPages.all.count) pages written below \(directory)\n")
    }
}
