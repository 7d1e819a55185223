package import GraphModel

/// A configuration that was read: the graph that it wishes, where it says so, and what is wrong.
package struct Configuration: Sendable {
    /// The graph that is wished; parts with faults are missing.
    package let description: GraphDescription
    /// Where the files say what.
    package let marks: GraphMarks
    /// Findings in order: syntax, schema, references, graph; each by place.
    package let diagnostics: [Diagnostic]
    /// Findings beyond the limit of what is listed.
    package let omittedDiagnosticCount: Int
    /// The graph with permissions, order and placement; `nil` when the documents have faults.
    package let resolved: ResolvedGraph?

    /// Reads and judges texts; all of them together are one configuration.
    ///
    /// - Parameters:
    ///   - texts: The files; their order decides only the order of findings.
    ///   - limits: How much is taken.
    ///   - baseDirectory: Absolute directory that relative paths start from; `nil` to leave them
    ///     as they are.
    package init(
        texts: [ConfigurationText],
        limits: DocumentLimits = DocumentLimits(),
        baseDirectory: String? = nil
    ) {
        var reader = ConfigurationReader(expecting: texts, limits, baseDirectory)
        let isPiecewise = texts.contains { $0.bytes.count >= limits.piecewiseBytesMin }
        if isPiecewise, !reader.readPiecewise(texts) {
            reader = ConfigurationReader(expecting: texts, limits, baseDirectory)
            reader.read(texts)
        } else if !isPiecewise {
            reader.read(texts)
        }
        reader.checkReferences()
        self.init(judging: &reader, files: texts.map(\.path), limits: limits)
    }

    /// Reads and judges texts, and reads only those that are not as they were.
    ///
    /// - Parameters:
    ///   - texts: The files; their order decides only the order of findings.
    ///   - limits: How much is taken; the same each time for one cache.
    ///   - baseDirectory: Absolute directory that relative paths start from; `nil` to leave them
    ///     as they are.
    ///   - cache: What was read before.
    package init(
        texts: [ConfigurationText],
        limits: DocumentLimits = DocumentLimits(),
        baseDirectory: String? = nil,
        cache: inout DocumentCache
    ) {
        var reader = cache.read(texts, limits: limits, baseDirectory: baseDirectory)
        self.init(judging: &reader, files: texts.map(\.path), limits: limits)
        cache.take(from: &reader)
    }

    /// Judges what was read.
    private init(
        judging reader: inout ConfigurationReader,
        files: [String],
        limits: DocumentLimits
    ) {
        var resolved: ResolvedGraph?
        if !reader.findings.hasErrors {
            let graph = ResolvedGraph(
                resolving: reader.description,
                numbered: reader.finishNumbers()
            )
            for finding in GraphFindings(graph: graph, marks: reader.marks).all {
                reader.findings.add(finding)
            }
            resolved = graph
        }
        let (ordered, omitted) = reader.findings.ordered(
            files: files,
            countMax: limits.diagnosticsMax
        )
        description = reader.description
        marks = reader.marks
        diagnostics = ordered
        omittedDiagnosticCount = omitted
        self.resolved = resolved
    }

    /// What a configuration is good for.
    package enum Verdict: Hashable, Sendable {
        /// It can be served.
        case valid
        /// Its documents are right, and what they wish is refused by permissions.
        case conflicting
        /// Its documents are wrong.
        case invalid
    }

    /// What this configuration is good for.
    package var verdict: Verdict {
        let errors = diagnostics.filter { $0.severity == .error }
        if errors.isEmpty { return .valid }
        return errors.allSatisfy(\.isAboutPermissions) ? .conflicting : .invalid
    }
}

extension Diagnostic {
    /// Whether the finding is about what users of a node want of it, not about the documents.
    package var isAboutPermissions: Bool { code.hasPrefix("E041") }
}
