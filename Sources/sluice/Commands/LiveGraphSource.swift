import ControlAPI
import Glibc
import GraphModel
import Reconciliation

/// Why there is no live graph to plan against.
struct LiveGraphError: Error {
    /// What was found.
    let findings: [Diagnostic]
    /// Lines for the findings.
    var lines = SourceLines([])
    /// What the command ends with.
    let status: ExitStatus

    fileprivate init(_ code: String, _ message: String, _ status: ExitStatus) {
        findings = [Diagnostic(code: code, message: message, mark: nil)]
        self.status = status
    }

    init(findings: [Diagnostic], lines: SourceLines, status: ExitStatus) {
        self.findings = findings
        self.lines = lines
        self.status = status
    }
}

/// What a plan starts from: nothing, a configuration taken as live, a saved graph, or the daemon.
struct LiveGraphSource {
    /// The graph.
    let description: GraphDescription
    /// Where files said so, when files did.
    let marks: GraphMarks
    /// Lines for findings about it.
    let lines: SourceLines
    /// Whether paths in it are absolute, because it comes from a daemon.
    let isAnchored: Bool

    /// Finds the live graph.
    ///
    /// - Parameters:
    ///   - name: `empty`, a path or a socket; `nil` asks the daemon.
    ///   - control: How to reach the daemon.
    /// - Throws: ``LiveGraphError`` when there is nothing to plan against.
    init(named name: String?, control: ControlOptions) throws(LiveGraphError) {
        guard let name else {
            self.init(try Self.ask(control.socket), isAnchored: true)
            return
        }
        if name == "empty" {
            self.init(GraphDescription())
        } else if Self.isSocket(name) {
            self.init(try Self.ask(name), isAnchored: true)
        } else {
            let source = ConfigurationSource(paths: [name])
            guard source.faults.isEmpty else {
                throw LiveGraphError(
                    findings: source.faults,
                    lines: source.lines,
                    status: .sourceMissing
                )
            }
            let read = Configuration(texts: source.texts)
            // A graph that was live is taken as it was, even when it could not be made again.
            guard read.verdict != .invalid else {
                throw LiveGraphError(
                    findings: read.diagnostics,
                    lines: source.lines,
                    status: .invalid
                )
            }
            self.init(read.description, marks: read.marks, lines: source.lines)
        }
    }

    private init(
        _ description: GraphDescription,
        marks: GraphMarks = GraphMarks(),
        lines: SourceLines = SourceLines([]),
        isAnchored: Bool = false
    ) {
        self.description = description
        self.isAnchored = isAnchored
        self.marks = marks
        self.lines = lines
    }

    private static func isSocket(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }

    private static func ask(_ socket: String) throws(LiveGraphError) -> GraphDescription {
        let answer: [UInt8]
        do throws(ControlError) {
            answer = try ControlClient(socket: socket).ask(.description)
        } catch {
            throw LiveGraphError(
                "E0701",
                error.reason + "; without a daemon, plan with --live empty or --live PATH",
                ExitStatus(rawValue: error.exitCode) ?? .unreachable
            )
        }
        do {
            let json = try JSONValue(json: answer, lengthBytesMax: ControlLimits.answerBytesMax)
            return try GraphDescription(json: json["description"] ?? .null)
        } catch {
            throw LiveGraphError(
                "E0701",
                "the daemon at \(socket) answered what this version does not know: \(error)",
                .failure
            )
        }
    }
}
