import ArgumentParser
import ControlAPI
import GraphModel
import Reconciliation

/// `sluice validate`: files only; no daemon, no images.
struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Checks files: syntax, options, names, cycles, permissions.",
        discussion: """
            Every fault is reported in one run, with its place and a remedy. Nothing is opened but \
            the files. Exit 0: good, 11: permissions conflict, 65: invalid, 66: cannot be read.
            """,
        aliases: ["check"]
    )

    @Argument(help: "Files and directories; - is standard input.")
    var paths: [String]

    @OptionGroup var output: OutputOptions

    func run() throws {
        let source = ConfigurationSource(paths: paths)
        let read = Configuration(texts: source.texts)
        let status: ExitStatus =
            source.faults.isEmpty
            ? ConfigurationSource.exitStatus(of: read.verdict) : .sourceMissing
        switch output.format {
        case .json where source.faults.isEmpty: Terminal.print(GraphAnswer(read).json.prettyText)
        case .json:
            Terminal.print(
                json: [
                    "format": "sluice.validate/1", "ok": false,
                    "diagnostics": .list(source.faults.map(\.json)), "graph": .null,
                ])
        case .text:
            report(source.faults, lines: source.lines)
            // What an unread file would have declared is not known, so nothing else is said.
            guard source.faults.isEmpty else { return try end(with: status) }
            report(
                read.diagnostics,
                omittedCount: read.omittedDiagnosticCount,
                lines: source.lines
            )
            if status == .done { Terminal.print(summary(of: read, files: source.texts.count)) }
        }
        try end(with: status)
    }

    private func summary(of read: Configuration, files: Int) -> String {
        let graph = read.description
        let counts = [
            (files, "file"), (graph.nodes.count, "node"), (graph.exports.count, "export"),
            (graph.listeners.count, "listener"), (graph.throttleGroups.count, "throttle group"),
            (graph.ioThreads.count, "I/O thread"),
        ].filter { $0.0 > 0 }
        return "ok: "
            + counts.map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }.joined(separator: ", ") + "\n"
    }
}
