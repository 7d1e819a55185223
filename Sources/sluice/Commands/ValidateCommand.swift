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

    @Argument(
        help: "Files and directories; - is standard input.",
        completion: .file(extensions: ["yaml", "yml"])
    )
    var paths: [String]

    @Flag(help: "Take warnings for errors.")
    var strict = false

    @Flag(help: "Show all findings, not only the first 50.")
    var full = false

    @Option(name: [.customShort("o"), .customLong("output")], help: "text, json or github.")
    var format: CheckOutputFormat = .text

    @OptionGroup var fileSize: FileSizeOptions
    @OptionGroup var colour: ColourOptions

    func run() throws {
        colour.take()
        let source = ConfigurationSource(
            paths: paths,
            fileBytesMax: fileSize.fileBytesMax,
            isFull: full
        )
        let read = source.configuration
        let status = status(source, read)
        let findings = source.findings(of: read)
        switch format {
        case .json where source.faults.isEmpty:
            let fixes = source.fixes(of: read)
            Terminal.print(GraphAnswer(read, fixes: fixes).json.prettyText)
        case .json:
            Terminal.print(
                json: [
                    "format": "sluice.validate/1", "ok": false,
                    "diagnostics": .list(findings.map(\.json)), "graph": .null,
                ])
        case .github: Terminal.print(AnnotationText.text(of: findings))
        case .text:
            let fixes =
                source.faults.isEmpty && read.verdict != .valid
                ? source.fixes(of: read) : FixList()
            report(
                findings,
                omittedCount: source.faults.isEmpty ? read.omittedDiagnosticCount : 0,
                lines: source.lines,
                fixes: fixes,
                paths: paths
            )
            if status == .done { Terminal.print(summary(of: read, files: source.texts.count)) }
        }
        if format != .github, environment("GITHUB_ACTIONS") == "true", !findings.isEmpty {
            // The host reads annotations from both streams; -o json must not be mixed with them.
            Terminal.note(AnnotationText.text(of: findings))
        }
        try end(with: status)
    }

    private func status(_ source: ConfigurationSource, _ read: Configuration) -> ExitStatus {
        guard source.faults.isEmpty else { return .sourceMissing }
        let status = ConfigurationSource.exitStatus(of: read.verdict)
        let isWarned = read.diagnostics.contains { $0.severity == .warning }
        return status == .done && strict && isWarned ? .invalid : status
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
