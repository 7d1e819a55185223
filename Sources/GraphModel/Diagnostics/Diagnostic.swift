/// One finding about a configuration, for a person and for a program.
package struct Diagnostic: Hashable, Sendable {
    /// How serious a finding is.
    package enum Severity: String, Hashable, Sendable {
        case error, warning, note
    }

    /// A second place that a finding is about.
    package struct Related: Hashable, Sendable {
        /// What is there.
        package let message: String
        /// Where it is.
        package let mark: SourceMark?

        /// Makes a related place.
        package init(message: String, mark: SourceMark?) {
            self.message = message
            self.mark = mark
        }
    }

    /// How serious it is.
    package var severity: Severity
    /// Stable code, such as `E0201`.
    package var code: String
    /// One sentence: what was found.
    package var message: String
    /// Where; absent when no document is concerned.
    package var mark: SourceMark?
    /// What to say under the caret; may be empty.
    package var label: String
    /// Other places that matter.
    package var related: [Related]
    /// Texts that would be right in place of what is marked.
    package var suggestions: [String]
    /// Further lines of help.
    package var help: [String]

    /// Makes a finding.
    package init(
        severity: Severity = .error,
        code: String,
        message: String,
        mark: SourceMark?,
        label: String = "",
        related: [Related] = [],
        suggestions: [String] = [],
        help: [String] = []
    ) {
        self.severity = severity
        self.code = code
        self.message = message
        self.mark = mark
        self.label = label
        self.related = related
        self.suggestions = suggestions
        self.help = help
    }
}
