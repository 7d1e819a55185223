import ArgumentParser
import ControlAPI
import Glibc
import GraphModel
import Reconciliation

/// `sluice validate`: files only; no daemon, no images.
struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Checks files: syntax, options, names, cycles, permissions.",
        discussion: """
            Every fault is reported in one run, with its place and a remedy. Nothing is opened but \
            the files. Exit 0: good, 11: permissions conflict, 65: invalid, 66: cannot be read. \
            With --watch it goes on until it is interrupted.
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

    @Flag(help: "Goes on, and checks again whenever a file has changed.")
    var watch = false

    @Flag(help: "Show all findings, not only the first 50.")
    var full = false

    @Option(name: [.customShort("o"), .customLong("output")], help: "text, json or github.")
    var format: CheckOutputFormat = .text

    @OptionGroup var fileSize: FileSizeOptions
    @OptionGroup var colour: ColourOptions

    func validate() throws {
        guard !watch || !paths.contains("-") else {
            throw ValidationError("standard input does not change: --watch wants files")
        }
    }

    func run() throws {
        colour.take()
        if watch { try follow() }
        try end(with: show(source))
    }

    /// Time between two looks, in microseconds.
    private static let lookMicroseconds: useconds_t = 500_000

    /// Checks again and again, until nobody reads what it finds.
    private func follow() throws {
        var shown: ConfigurationSource?
        while true {
            let found = source
            if shown?.hasSame(found) != true {
                if isatty(STDERR_FILENO) == 1, format == .text {
                    Terminal.note("\u{1B}[H\u{1B}[2J")
                }
                let status = show(found)
                // Said also when nothing is wrong: somebody waits for it.
                let word = status == .done ? "good" : "not good (\(status.rawValue))"
                let line = format == .text ? "\(found.texts.count) files: \(word)\n" : ""
                guard Terminal.tries(line) else { throw ExitCode.success }
                shown = found
            }
            usleep(Self.lookMicroseconds)
        }
    }

    private var source: ConfigurationSource {
        ConfigurationSource(paths: paths, fileBytesMax: fileSize.fileBytesMax, isFull: full)
    }

    /// Prints what is found, and says what it is good for.
    private func show(_ source: ConfigurationSource) -> ExitStatus {
        let read = source.configuration
        let status = status(source, read)
        let findings = source.findings(of: read)
        switch format {
        case .json where source.faults.isEmpty:
            let fixes = source.fixes(of: read)
            show(json: GraphAnswer(read, fixes: fixes).json)
        case .json:
            show(json: [
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
            if status == .done, !watch {
                Terminal.print(summary(of: read, files: source.texts.count))
            }
        }
        if format != .github, environment("GITHUB_ACTIONS") == "true", !findings.isEmpty {
            // The host reads annotations from both streams; -o json must not be mixed with them.
            Terminal.note(AnnotationText.text(of: findings))
        }
        return status
    }

    /// Prints an answer for programs: on one line, when others follow.
    private func show(json: JSONValue) {
        Terminal.print(watch ? json.compactText + "\n" : json.prettyText)
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
