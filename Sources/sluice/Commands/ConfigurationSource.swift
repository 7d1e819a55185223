import ArgumentParser
import ControlAPI
import FileWatching
import Glibc
import GraphModel
import Reconciliation

/// Configurations that a command was given by path: what was read, and what could not be.
struct ConfigurationSource {
    /// The files.
    private(set) var texts: [ConfigurationText] = []
    /// What could not be read.
    private(set) var faults: [Diagnostic] = []
    /// What is named as a file of a configuration and can be none.
    private(set) var notes: [Diagnostic] = []
    /// How much is taken of them.
    let limits: DocumentLimits

    /// Name of what comes from standard input, in findings.
    static let standardInput = "<stdin>"

    /// Reads files and directories; `-` is standard input.
    ///
    /// - Parameters:
    ///   - paths: The files and directories.
    ///   - fileBytesMax: Largest file that is taken, in bytes.
    ///   - isFull: Whether all findings are wanted, not only the first ones.
    init(
        paths: [String],
        fileBytesMax: Int = DocumentLimits.fileBytesUsual,
        isFull: Bool = false
    ) {
        var limits = DocumentLimits(fileBytesMax: fileBytesMax)
        if isFull { limits.diagnosticsMax = 2_000 }
        self.limits = limits
        for path in paths {
            if path == "-" {
                texts.append(
                    ConfigurationText(
                        path: Self.standardInput,
                        bytes: Self.readStandardInput(fileBytesMax)
                    )
                )
                continue
            }
            let read = SourceFiles.read(path, fileBytesMax: fileBytesMax)
            texts += read.files.map { ConfigurationText(path: $0.path, bytes: $0.bytes) }
            for fault in read.faults {
                faults.append(
                    Diagnostic(
                        code: "E0703",
                        message: "\(fault.path) cannot be read: \(fault.reason)",
                        mark: nil
                    )
                )
            }
            for oddity in read.oddities {
                notes.append(
                    Diagnostic(
                        severity: .warning,
                        code: "W0703",
                        message: "\(oddity.path) is passed over: \(oddity.reason)",
                        mark: nil
                    )
                )
            }
            if read.isLost, read.faults.isEmpty {
                faults.append(
                    Diagnostic(
                        code: "E0701",
                        message: "\(path) holds no configuration: no file named *.yaml or *.yml",
                        mark: nil
                    )
                )
            }
        }
    }

    private static func readStandardInput(_ fileBytesMax: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= fileBytesMax {
            let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return bytes
    }

    /// Whether the files say what those of another look said.
    func hasSame(_ other: ConfigurationSource) -> Bool {
        texts.count == other.texts.count
            && zip(texts, other.texts).allSatisfy { $0.path == $1.path && $0.bytes == $1.bytes }
            && faults == other.faults && notes == other.notes
    }

    /// What is wrong with the files, those that cannot be read included.
    ///
    /// What an unread file would have declared is not known: then nothing is said about names.
    func findings(of read: Configuration) -> [Diagnostic] {
        if faults.isEmpty { return notes + read.diagnostics }
        return faults + notes
            + read.diagnostics.filter { $0.code.hasPrefix("E01") || $0.code.hasPrefix("E02") }
    }

    /// What the files say.
    var configuration: Configuration { Configuration(texts: texts, limits: limits) }

    /// Fixes of what is wrong with a configuration that was read from the files.
    func fixes(of configuration: Configuration, plan: Plan? = nil) -> FixList {
        FixFinder.fixes(of: configuration, texts: texts, limits: limits, plan: plan)
    }

    /// Lines for findings.
    var lines: SourceLines { SourceLines(texts.map { ($0.path, $0.bytes) }) }

    /// The exit code for a configuration.
    static func exitStatus(of verdict: Configuration.Verdict) -> ExitStatus {
        switch verdict {
        case .valid: .done
        case .conflicting: .conflict
        case .invalid: .invalid
        }
    }
}

/// Prints findings for people on standard error.
func report(
    _ findings: [Diagnostic],
    omittedCount: Int = 0,
    lines: SourceLines,
    fixes: FixList = FixList(),
    paths: [String] = []
) {
    guard !findings.isEmpty else { return }
    let writer = DiagnosticText(
        sources: lines,
        palette: Palette(isOn: Terminal.notesHaveColour),
        isPlain: Terminal.isPlain,
        fixes: fixes,
        paths: paths.joined(separator: " ")
    )
    Terminal.note(writer.text(of: findings, omittedCount: omittedCount))
}

/// Ends the command with an exit code, unless it is 0.
func end(with status: ExitStatus) throws {
    if status != .done { throw ExitCode(status.rawValue) }
}
