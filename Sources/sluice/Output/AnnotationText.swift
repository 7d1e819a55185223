import GraphModel

/// Writes findings as annotations that GitHub shows beside the lines of a pull request.
struct AnnotationText {
    /// One line a finding, related places in its text.
    static func text(of findings: [Diagnostic]) -> String {
        findings.map { line(of: $0) + "\n" }.joined()
    }

    private static func line(of finding: Diagnostic) -> String {
        let word =
            switch finding.severity {
            case .error: "error"
            case .warning: "warning"
            case .note: "notice"
            }
        var properties: [String] = []
        if let mark = finding.mark {
            properties += [
                "file=\(property(mark.file))", "line=\(mark.line)", "col=\(mark.column)",
                "endColumn=\(mark.column + max(1, mark.length))",
            ]
        }
        properties.append("title=\(property(finding.code))")
        var message = finding.message
        for related in finding.related {
            let place = related.mark.map { "\($0.file):\($0.line):\($0.column): " } ?? ""
            message += "\n\(place)\(related.message)"
        }
        if let first = finding.suggestions.first { message += "\ndid you mean \"\(first)\"?" }
        message += finding.help.map { "\n\($0)" }.joined()
        return "::\(word) \(properties.joined(separator: ","))::\(data(message))"
    }

    private static func data(_ text: String) -> String {
        text.replacing("%", with: "%25").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
    }

    private static func property(_ text: String) -> String {
        data(text).replacing(":", with: "%3A").replacing(",", with: "%2C")
    }
}
