/// The long text about one kind of finding.
package struct DiagnosticPage: Sendable {
    /// The code that findings bear.
    package let code: String
    /// What it is about, in a few words.
    package let title: String
    /// What it means, and what to do.
    package let text: String

    init(_ code: String, _ title: String, _ text: String) {
        self.code = code
        self.title = title
        self.text = text
    }

    /// All pages, by what they are about and then by code.
    package static let all: [DiagnosticPage] =
        textPages + schemaPages + namePages + graphPages + hostPages + guardPages + sourcePages
}
