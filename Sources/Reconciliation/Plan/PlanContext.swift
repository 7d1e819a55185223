package import GraphModel

/// What a plan's output says beside the plan: where both sides come from, and what was found.
package struct PlanContext: Sendable {
    /// A file that was read.
    package struct File: Hashable, Sendable {
        /// Path as the user named it.
        package let path: String
        /// Digest of its bytes.
        package let digest: String
    }

    /// What the plan is called by, when that is known.
    package var identity: Plan.Identity?
    /// Files of the wished configuration.
    package var files: [File] = []
    /// Number of the live generation; 0 when what is live has none.
    package var generation: Int64 = 0
    /// Connected clients by export; `nil` when nobody knows.
    package var clients: [String: Int]?
    /// How long a drained export is expected to pause; `nil` when nobody knows.
    package var forecast: PauseForecast?
    /// What came of the guards.
    package var guards: [GuardResult] = []
    /// Whether guards refuse the plan, or only say what a daemon would do.
    package var enforcesGuards = true
    /// Users of nodes that do not go together.
    package var conflicts: [PermissionConflict] = []
    /// Fixes that were tried, for each finding.
    package var fixes = FixList()
    /// What was found in the configuration.
    package var diagnostics: [Diagnostic] = []
    /// Findings that are not listed.
    package var omittedCount = 0

    /// Nothing beside the plan.
    package init() {}

    /// Notes the files of a configuration.
    package mutating func note(_ texts: [ConfigurationText]) {
        files = texts.map { File(path: $0.path, digest: Digest.text(of: $0.bytes)) }
    }

    /// Findings of guards that refuse the plan.
    package var guardFindings: [Diagnostic] {
        enforcesGuards ? guards.compactMap(\.finding) : []
    }

    /// The files as JSON.
    var filesJSON: JSONValue {
        .list(files.map { ["path": .text($0.path), "digest": .text($0.digest)] })
    }
}
