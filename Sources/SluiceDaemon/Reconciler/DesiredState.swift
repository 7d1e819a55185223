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
    /// The graph with its digest; the empty graph when it is invalid.
    let named: GraphDigest
    /// Directory that relative file names start from.
    let baseDirectory: String
    private let verdict: Configuration.Verdict

    /// Judges files; those that are as they were are not parsed again.
    ///
    /// - Parameters:
    ///   - files: The files.
    ///   - baseDirectory: Directory that relative file names start from.
    ///   - limits: How much is taken.
    ///   - cache: What was parsed before.
    ///   - last: A graph that may be much the same, with its digest.
    init(
        files: [SourceFile],
        baseDirectory: String,
        limits: DocumentLimits,
        cache: inout DocumentCache,
        last: GraphDigest
    ) {
        let texts = files.map { ConfigurationText(path: $0.path, bytes: $0.bytes) }
        self.init(
            Configuration(
                texts: texts,
                limits: limits,
                baseDirectory: baseDirectory,
                cache: &cache
            ),
            baseDirectory: baseDirectory,
            last: last
        )
    }

    /// Judges what a person handed in.
    init(request: ApplyRequest, limits: DocumentLimits) {
        let texts = request.files.map {
            ConfigurationText(path: $0.path, bytes: Array($0.text.utf8))
        }
        self.init(
            Configuration(texts: texts, limits: limits, baseDirectory: request.baseDirectory),
            baseDirectory: request.baseDirectory
        )
    }

    /// What was live once.
    init(record: GenerationRecord) {
        let graph = ResolvedGraph(resolving: record.description)
        resolved = graph.isLegal ? graph : nil
        diagnostics = []
        marks = GraphMarks()
        named = GraphDigest(of: record.description)
        baseDirectory = record.baseDirectory
        verdict = graph.isLegal ? .valid : .conflicting
    }

    private init(
        _ configuration: Configuration,
        baseDirectory: String,
        last: GraphDigest? = nil
    ) {
        let isValid = configuration.verdict == .valid
        resolved = isValid ? configuration.resolved : nil
        diagnostics = configuration.diagnostics
        marks = configuration.marks
        named =
            isValid
            ? GraphDigest(of: configuration.description, after: last)
            : GraphDigest(of: GraphDescription())
        self.baseDirectory = baseDirectory
        verdict = configuration.verdict
    }

    /// Digest of the normalised configuration; empty when it is invalid.
    var digest: String { verdict == .valid ? named.text : "" }

    /// The graph; empty when it is invalid.
    var description: GraphDescription { resolved?.description ?? GraphDescription() }

    /// The plan that leads here from a live graph.
    ///
    /// - Parameters:
    ///   - live: What is live.
    ///   - allowed: Names of protected objects that may be removed.
    /// - Returns: The plan; empty when there is nothing to do.
    func plan(from live: ResolvedGraph, allowed: Set<String> = []) -> Plan {
        Plan(live: live, desired: resolved ?? .empty, marks: marks, allowed: allowed)
    }

    /// What is answered when something forbids this configuration.
    var rejection: Verdict {
        let errors = diagnostics.filter { $0.severity == .error }
        let first = errors.first.map { ": \($0.line)" } ?? ""
        var answer = Verdict(
            verdict == .conflicting ? .conflict : .invalid,
            verdict == .conflicting ? "PermissionConflict" : "ConfigurationInvalid",
            "\(errors.count) error\(errors.count == 1 ? "" : "s") in the configuration\(first)"
        )
        answer.diagnostics = diagnostics
        return answer
    }
}

extension Reconciler {
    /// What files wish.
    func desiredState(of found: SourceScan) -> DesiredState {
        DesiredState(
            files: found.files,
            baseDirectory: reader.baseDirectory,
            limits: reader.limits,
            cache: &documents,
            last: liveDigest.last
        )
    }
}

extension Diagnostic {
    /// The finding on one line, in the form that editors know.
    var line: String {
        let place = mark.map { "\($0.file):\($0.line):\($0.column): " } ?? ""
        return "\(place)\(severity.rawValue)[\(code)]: \(message)"
    }
}
