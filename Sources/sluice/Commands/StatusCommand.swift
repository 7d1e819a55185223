import ArgumentParser
import ControlAPI
import Glibc
import GraphModel

/// `sluice status`: how the daemon does.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Says what is live, since when, and what is wrong.",
        discussion: """
            Ends with 1 while less is served than was wished, or the state is damaged. With --watch \
            it goes on until it is interrupted, or the daemon has ended.
            """
    )

    @Flag(help: "Tells which file is live in which generation, and why one is not.")
    var files = false

    @Flag(help: "Goes on, and prints the status again whenever it has changed.")
    var watch = false

    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let status = try find()
        if watch { try follow(status) }
        Terminal.print(text(of: status))
        if status["conditions"]?["Degraded"]?["status"]?.flag == true {
            throw ExitCode(ExitStatus.failure.rawValue)
        }
    }
}

extension StatusCommand {
    /// Time between two looks, in microseconds.
    private static let lookMicroseconds: useconds_t = 500_000

    private func find() throws -> JSONValue {
        try ask(.status, of: control, query: files ? ControlQuery(["files": "1"]) : ControlQuery())
    }

    private func text(of status: JSONValue) -> String {
        switch output.format {
        case .json: watch ? status.compactText + "\n" : status.prettyText
        case .text where files: FilesText(status).text
        case .text: StatusText(status).text
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
    body: JSONValue? = nil
) throws -> JSONValue {
    let socket = control.socket(for: endpoint)
    do throws(ControlError) {
        let answer = try ControlClient(socket: socket).ask(
            endpoint,
            query: query,
            body: body?.compactBytes ?? []
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

    init(_ status: JSONValue) { self.status = status }

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
