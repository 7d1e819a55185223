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

    init(_ code: String, _ message: String, _ status: ExitStatus) {
        findings = [Diagnostic(code: code, message: message, mark: nil)]
        self.status = status
    }

    init(findings: [Diagnostic], lines: SourceLines, status: ExitStatus) {
        self.findings = findings
        self.lines = lines
        self.status = status
    }
}

/// What a plan starts from: nothing, a configuration taken as live, a dump, a generation, or the
/// daemon.
struct LiveGraphSource {
    /// The graph.
    private(set) var description: GraphDescription
    /// The graph with its permissions, when files said so.
    private var resolved: ResolvedGraph?
    /// Where files said so, when files did.
    private(set) var marks = GraphMarks()
    /// Lines for findings about it.
    private(set) var lines = SourceLines([])
    /// Whether paths in it are absolute, because it comes from a daemon.
    private(set) var isAnchored = false
    /// Whether it is what the daemon serves now.
    private(set) var isDaemon = false
    /// Number of the generation; 0 when there is none.
    private(set) var generation: Int64 = 0
    /// Connected clients by export, when somebody knows.
    private(set) var clients: [String: Int]?
    /// The daemon's own limits; `nil` without one.
    private(set) var guards: PlanGuards?
    /// How long the daemon expects a drained export to pause.
    private(set) var forecast: PauseForecast?
    /// What it is called, in a word.
    private(set) var title: String

    /// Finds the live graph.
    ///
    /// - Parameters:
    ///   - name: `empty`, a path, `@N` or a socket; `nil` asks the daemon.
    ///   - control: How to reach the daemon.
    ///   - fileBytesMax: Largest file that is taken, in bytes.
    /// - Throws: ``LiveGraphError`` when there is nothing to plan against.
    init(
        named name: String?,
        control: ControlOptions,
        fileBytesMax: Int = DocumentLimits.fileBytesUsual
    ) throws(LiveGraphError) {
        guard let name else {
            self = try Self.ask(control.socket(for: .description))
            return
        }
        if name == "empty" {
            self.init(description: GraphDescription(), title: name)
        } else if name.hasPrefix("@"), let generation = GenerationArgument(argument: name) {
            self = try Self.ask(control.socket(for: .description), generation)
        } else if Self.isSocket(name) {
            self = try Self.ask(name)
        } else {
            self = try Self.read(name, fileBytesMax)
        }
    }

    private init(description: GraphDescription, title: String) {
        self.description = description
        self.title = title
    }

    /// The same with relative paths of files made absolute.
    func anchored(at directory: String) -> LiveGraphSource {
        if isAnchored { return self }
        var copy = self
        copy.description = description.anchored(at: directory)
        copy.resolved = nil
        copy.isAnchored = true
        return copy
    }

    /// The plan from here to a graph.
    ///
    /// - Parameters:
    ///   - wished: The graph.
    ///   - read: The configuration that it comes from, if it comes from one.
    ///   - allowed: Names of protected objects that may be removed.
    /// - Returns: The plan; empty when there is nothing to do.
    func plan(
        to wished: GraphDescription,
        of read: Configuration?,
        allowed: Set<String>
    ) -> Plan {
        let wishedMarks = read?.marks ?? GraphMarks()
        // Relative paths are those of the files on both sides.
        if !isAnchored, let resolved, let desired = read?.resolved {
            return Plan(
                live: resolved,
                desired: desired,
                marks: wishedMarks,
                liveMarks: marks,
                allowed: allowed
            )
        }
        return Plan(
            live: description,
            desired: wished,
            marks: wishedMarks,
            liveMarks: marks,
            allowed: allowed
        )
    }

    private static func isSocket(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }

    private static func read(
        _ name: String,
        _ fileBytesMax: Int
    ) throws(LiveGraphError) -> LiveGraphSource {
        if let bytes = PlanFile.read(name, ifStart: LiveDump.looksDumped) {
            return try dump(bytes, name)
        }
        let source = ConfigurationSource(paths: [name], fileBytesMax: fileBytesMax)
        guard source.faults.isEmpty else {
            throw LiveGraphError(
                findings: source.faults,
                lines: source.lines,
                status: .sourceMissing
            )
        }
        let read = source.configuration
        // A graph that was live is taken as it was, even when it could not be made again.
        guard read.verdict != .invalid else {
            throw LiveGraphError(
                findings: read.diagnostics,
                lines: source.lines,
                status: .invalid
            )
        }
        var found = LiveGraphSource(description: read.description, title: name)
        found.resolved = read.resolved
        found.marks = read.marks
        found.lines = source.lines
        return found
    }

    /// The graph of a dump.
    static func dump(
        _ bytes: [UInt8],
        _ name: String
    ) throws(LiveGraphError) -> LiveGraphSource {
        let dump: LiveDump
        do {
            let json = try JSONValue(json: bytes, lengthBytesMax: ControlLimits.answerBytesMax)
            dump = try LiveDump(json: json)
        } catch {
            throw LiveGraphError("E0702", "\(name) is no dump that can be read: \(error)", .invalid)
        }
        var found = LiveGraphSource(description: dump.description, title: name)
        found.isAnchored = true
        found.generation = dump.generation
        found.clients = dump.clients
        return found
    }

    private static func ask(
        _ socket: String,
        _ generation: GenerationArgument? = nil
    ) throws(LiveGraphError) -> LiveGraphSource {
        let answer: [UInt8]
        do throws(ControlError) {
            let client = ControlClient(socket: socket)
            answer = try client.ask(.description, query: generation?.query ?? ControlQuery())
        } catch {
            throw LiveGraphError(
                "E0701",
                error.reason + "; without a daemon, plan with --live empty or --live PATH",
                ExitStatus(rawValue: error.exitCode) ?? .unreachable
            )
        }
        do {
            let json = try JSONValue(json: answer, lengthBytesMax: ControlLimits.answerBytesMax)
            let graph = try GraphDescription(json: json["description"] ?? .null)
            let number = json["generation"]?.integer ?? 0
            var found = LiveGraphSource(description: graph, title: "@\(number)")
            found.isAnchored = true
            found.generation = number
            found.isDaemon = generation == nil
            guard found.isDaemon else { return found }
            found.clients = clients(of: socket)
            found.guards = json["guards"].map(PlanGuards.init)
            found.forecast = PauseForecast(json: json["forecast"])
            return found
        } catch {
            throw LiveGraphError(
                "E0701",
                "the daemon at \(socket) answered what this version does not know: \(error)",
                .failure
            )
        }
    }

    /// Connected clients; a plan can be made without them.
    private static func clients(of socket: String) -> [String: Int]? {
        guard let answer = try? ControlClient(socket: socket).ask(.graph),
            let json = try? JSONValue(json: answer, lengthBytesMax: ControlLimits.answerBytesMax)
        else { return nil }
        return try? LiveDump(json: json).clients
    }
}
