import ArgumentParser
import ControlAPI
import Glibc
import GraphModel
import Reconciliation

/// `sluice status`: how the daemon does.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Says what is live, since when, and what is wrong.",
        discussion: """
            Ends with 1 while less is served than was wished, or the state is damaged. With --watch \
            it goes on until it is interrupted, or the daemon has ended. With --commit it says what \
            became of a commit, as sluice wait does, and waits for nothing.

            sluice status vm1 base      only these nodes and exports, and what they have to do with
            """
    )

    @Argument(help: "Nodes and exports to tell of; without any, all exports and what is wrong.")
    var objects: [String] = []

    @Flag(help: "Tells which file is live in which generation, and why one is not.")
    var files = false

    @Flag(help: "Tells more of each export: where it is, and what it has done.")
    var wide = false

    @Option(help: "What became of a commit of the files' work tree, at least 7 digits.")
    var commit: String?

    @Flag(help: "Goes on, and prints the status again whenever it has changed.")
    var watch = false

    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard objects.isEmpty || !files else {
            throw ValidationError("--files tells of all files: name no object with it")
        }
        guard commit == nil || objects.isEmpty && !files && !watch && !wide else {
            throw ValidationError("--commit stands alone")
        }
    }

    func run() throws {
        if let commit {
            let query = ControlQuery(["commit": commit, "seconds": "0"])
            return try show(try ask(.wait, of: control, query: query), as: output.format)
        }
        let status = try find()
        if watch { try follow(status) }
        Terminal.print(text(of: status))
        if objects.isEmpty ? isDegraded(status) : ObjectStatus.isDown(status) {
            throw ExitCode(ExitStatus.failure.rawValue)
        }
    }
}

extension StatusCommand {
    private func isDegraded(_ status: JSONValue) -> Bool {
        status["conditions"]?["Degraded"]?["status"]?.flag == true
    }

    /// Time between two looks, in microseconds.
    private static let lookMicroseconds: useconds_t = 500_000

    private func find() throws -> JSONValue {
        let query = files ? ControlQuery(["files": "1"]) : ControlQuery()
        let status = try ask(.status, of: control, query: query)
        if objects.isEmpty, !wide { return status }
        let graph = try ask(.graph, of: control)
        guard objects.isEmpty else {
            return ObjectStatus.json(try stories(in: graph, status), status)
        }
        return wideStatus(status, graph)
    }

    /// The objects that were asked for; ends the command when there is none of a name.
    private func stories(in graph: JSONValue, _ status: JSONValue) throws -> [JSONValue] {
        try objects.map { word in
            if let found = ObjectStatus(word, in: graph, status) { return found.json }
            let closest = Spelling.near(word, among: ObjectStory.names(in: graph))
            Terminal.note(
                "error: nothing that is live is called \"\(word)\""
                    + (closest.first.map { "; did you mean \"\($0)\"?" } ?? "") + "\n"
            )
            throw ExitCode(ExitStatus.usage.rawValue)
        }
    }

    /// The status with all that the graph tells of exports.
    private func wideStatus(_ status: JSONValue, _ graph: JSONValue) -> JSONValue {
        let members = (status.members ?? []).map { member -> JSONValue.Member in
            guard member.key == "exports" else { return member }
            let exports = (member.value.list ?? []).map { export -> JSONValue in
                let record = graph["exports"]?.list?.first { $0["name"] == export["name"] }
                let own = export.members ?? []
                let others = (record?.members ?? []).filter { more in
                    !own.contains { $0.key == more.key }
                }
                return .object(own + others)
            }
            return JSONValue.Member(member.key, .list(exports))
        }
        return .object(members)
    }

    private func text(of status: JSONValue) -> String {
        switch output.format {
        case .json: watch ? status.compactText + "\n" : status.prettyText
        case .text where files: FilesText(status).text
        case .text where !objects.isEmpty: ObjectStatus.text(of: status)
        case .text: StatusText(status, isWide: wide).text
        }
    }

    /// Prints what it finds until nobody reads it; a terminal shows the newest only.
    private func follow(_ first: JSONValue) throws {
        let isScreen = output.format == .text && isatty(STDOUT_FILENO) == 1
        var status = first
        while Terminal.tries((isScreen ? "\u{1B}[H\u{1B}[2J" : "") + text(of: status)) {
            let shown = Self.essence(of: status)
            repeat {
                usleep(Self.lookMicroseconds)
                status = try find()
            } while Self.essence(of: status) == shown
        }
        throw ExitCode.success
    }

    /// All but what moves by itself.
    private static func essence(of status: JSONValue) -> [JSONValue.Member] {
        (status.members ?? []).filter { $0.key != "uptimeSeconds" }
    }
}

/// Asks the daemon; ends the command with the right code when it cannot be asked.
func ask(
    _ endpoint: ControlEndpoint,
    of control: ControlOptions,
    query: ControlQuery = ControlQuery(),
    body: JSONValue? = nil,
    timeoutSeconds: Int64? = nil
) throws -> JSONValue {
    let socket = control.socket(for: endpoint)
    do throws(ControlError) {
        let answer = try ControlClient(socket: socket).ask(
            endpoint,
            query: query,
            body: body?.compactBytes ?? [],
            timeoutSeconds: timeoutSeconds ?? ControlClient.answerSecondsMax
        )
        guard
            // What is no JSON has been cut off, or comes from something else than a daemon.
            let value = try? JSONValue(json: answer, lengthBytesMax: ControlLimits.answerBytesMax)
        else {
            throw ControlError(
                code: .brokenAnswer,
                socket: socket,
                reason: "what listens on \(socket) does not answer as sluice does"
            )
        }
        return value
    } catch {
        Terminal.note("error: \(error.reason)\n")
        throw ExitCode(error.exitCode)
    }
}

/// The status for people.
struct StatusText {
    private let status: JSONValue
    private let isWide: Bool

    init(_ status: JSONValue, isWide: Bool = false) {
        self.status = status
        self.isWide = isWide
    }

    var text: String {
        var lines = [head]
        for member in status["conditions"]?.members ?? [] {
            let word = member.value["status"]?.flag == true ? "yes" : "no"
            let reason = member.value["reason"]?.text ?? ""
            let message = member.value["message"]?.text ?? ""
            lines.append(
                pad(member.key, 12) + pad(word, 4) + reason
                    + (message.isEmpty ? "" : ": " + message)
            )
        }
        if let pending = status["confirm"]?["generation"]?.integer {
            lines.append("  @\(pending) awaits `sluice confirm`; else @\(revertsTo) comes back")
        }
        for export in status["down"]?.list ?? [] {
            let reason = export["reason"]?.text ?? ""
            lines.append("  down: \(export["name"]?.text ?? "")  \(reason)")
        }
        for finding in status["findings"]?.list ?? [] {
            let message = finding["message"]?.text ?? ""
            lines.append("  node: \(finding["node"]?.text ?? "")  \(message)")
        }
        for finding in (status["diagnostics"]?.list ?? []).compactMap(Diagnostic.init(json:)) {
            lines.append("  " + line(of: finding))
        }
        let exports = status["exports"]?.list ?? []
        let busy = exports.filter { $0["clients"]?.list?.isEmpty == false }
        lines.append("\(counted(exports.count, "export")), \(busy.count) with clients")
        for export in exports {
            let count = export["clients"]?.list?.count ?? 0
            lines.append(
                "  " + pad(export["name"]?.text ?? "", 20)
                    + pad("node " + (export["node"]?.text ?? ""), 26) + counted(count, "client")
            )
            if isWide { lines.append("      " + ExportFacts(export).text) }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func counted(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)" + (count == 1 ? "" : "s")
    }

    private var revertsTo: Int64 { status["confirm"]?["revertsTo"]?.integer ?? 0 }

    private var head: String {
        let seconds = status["uptimeSeconds"]?.integer ?? 0
        let digest = (status["digest"]?.text ?? "").dropFirst("sha256:".count).prefix(8)
        return "sluice \(status["version"]?.text ?? "")  up \(duration(seconds))  "
            + "@\(status["generation"]?.integer ?? 0)" + (digest.isEmpty ? "" : " \(digest)")
            + (status["commit"]?.text.map { "  git \($0.prefix(8))" } ?? "")
    }

    private func duration(_ seconds: Int64) -> String {
        if seconds < 120 { return "\(seconds) s" }
        if seconds < 7200 { return "\(seconds / 60) min" }
        return seconds < 172_800 ? "\(seconds / 3600) h" : "\(seconds / 86_400) d"
    }

    private func line(of finding: Diagnostic) -> String {
        let place = finding.mark.map { "\($0.file):\($0.line):\($0.column): " } ?? ""
        return "\(place)\(finding.severity.rawValue)[\(finding.code)]: \(finding.message)"
    }
}

/// Text with spaces up to a width, and at least one.
func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
}
