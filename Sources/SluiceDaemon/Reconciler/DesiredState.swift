internal import ControlAPI
internal import FileWatching
internal import GraphModel
internal import Reconciliation

/// A configuration that was read, judged and resolved.
struct DesiredState: Sendable {
    /// The graph with its masks; `nil` when something forbids it.
    let resolved: ResolvedGraph?
    /// Findings of every severity.
    let diagnostics: [Diagnostic]
    /// Places in the files.
    let marks: GraphMarks
    /// Digest of the normalised configuration; empty when it is invalid.
    let digest: String
    /// Directory that relative file names start from.
    let baseDirectory: String

    /// Judges files.
    init(files: [SourceFile], baseDirectory: String) {
        self.init(
            texts: files.map { ConfigurationText(path: $0.path, bytes: $0.bytes) },
            baseDirectory: baseDirectory
        )
    }

    /// Judges what a person handed in.
    init(request: ApplyRequest) {
        self.init(
            texts: request.files.map {
                ConfigurationText(path: $0.path, bytes: Array($0.text.utf8))
            },
            baseDirectory: request.baseDirectory
        )
    }

    /// What was live once.
    init(record: GenerationRecord) {
        self.init(
            record.description,
            diagnostics: [],
            marks: GraphMarks(),
            baseDirectory: record.baseDirectory
        )
    }

    private init(texts: [ConfigurationText], baseDirectory: String) {
        let configuration = Configuration(texts: texts)
        self.init(
            configuration.description,
            diagnostics: configuration.diagnostics,
            marks: configuration.marks,
            baseDirectory: baseDirectory
        )
    }

    private init(
        _ description: GraphDescription,
        diagnostics: [Diagnostic],
        marks: GraphMarks,
        baseDirectory: String
    ) {
        self.diagnostics = diagnostics
        self.marks = marks
        self.baseDirectory = baseDirectory
        let isValid = !diagnostics.contains { $0.severity == .error }
        let graph = isValid ? ResolvedGraph(resolving: description) : nil
        resolved = graph?.isLegal == true ? graph : nil
        digest = resolved == nil ? "" : description.digest
    }

    /// The graph; empty when it is invalid.
    var description: GraphDescription { resolved?.description ?? GraphDescription() }

    /// The plan that leads here from a live graph.
    func plan(from live: GraphDescription) -> Plan { Plan(live: live, desired: description) }

    /// What is answered when something forbids this configuration.
    var rejection: Verdict {
        let errors = diagnostics.filter { $0.severity == .error }
        let isConflict = errors.contains { $0.code == Self.conflictCode }
        let first = errors.first.map { ": \($0.line)" } ?? ""
        var verdict = Verdict(
            isConflict && errors.allSatisfy { $0.code == Self.conflictCode } ? .conflict : .invalid,
            isConflict ? "PermissionConflict" : "ConfigurationInvalid",
            "\(errors.count) errors in the configuration\(first)"
        )
        verdict.diagnostics = diagnostics
        return verdict
    }

    private static let conflictCode = "E0412"
}

extension Diagnostic {
    /// The finding on one line, in the form that editors know.
    var line: String {
        let place = mark.map { "\($0.file):\($0.line):\($0.column): " } ?? ""
        return "\(place)\(severity.rawValue)[\(code)]: \(message)"
    }
}
