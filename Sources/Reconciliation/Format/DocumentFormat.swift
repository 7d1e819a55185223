package import GraphModel

/// The canonical layout of a configuration's text.
///
/// Two spaces for each level, one space where YAML asks for any, at most one empty line, a free
/// line before each section. Comments, quotes, the order of keys and the choice between `{...}`
/// and lines stay as they were written, and so does everything that the text says.
package enum DocumentFormat {
    /// Spaces of one level.
    static let levelSpaces = 2

    /// Lays a text out.
    ///
    /// - Parameters:
    ///   - text: The text; its path is for findings.
    ///   - tabSpaces: How many spaces a tab of indentation stands for; `nil` refuses tabs.
    ///   - limits: How much is taken.
    /// - Returns: The same configuration in its canonical layout.
    /// - Throws: ``FormatError`` when the text cannot be read, or not be laid out safely.
    package static func formatted(
        _ text: ConfigurationText,
        tabSpaces: Int? = nil,
        limits: DocumentLimits = DocumentLimits()
    ) throws(FormatError) -> [UInt8] {
        var bytes = text.bytes
        if let tabSpaces { bytes = withoutTabs(bytes, spaces: tabSpaces) }
        let source = ConfigurationText(path: text.path, bytes: bytes)
        let faults = Configuration(texts: [source], limits: limits).diagnostics
            .filter(isAboutText)
        guard faults.isEmpty else { throw FormatError(findings: faults, text: source) }
        guard let meaning = DocumentMeaning(bytes) else {
            throw FormatError(line: 1, reason: "this is not YAML", text: source)
        }
        var writer = LayoutWriter(SourceLine.lines(of: bytes))
        do throws(LayoutFault) {
            try writer.run()
        } catch {
            throw FormatError(line: error.line, reason: error.reason, text: source)
        }
        let result = writer.text
        // The promise of this command: nothing but the looks changes.
        guard DocumentMeaning(result) == meaning else {
            throw FormatError(
                line: 1,
                reason: "its layout is beyond this formatter, which would change its meaning",
                text: source
            )
        }
        return result
    }

    /// Findings that leave a text's structure unknown; others do not keep it from being laid out.
    private static func isAboutText(_ finding: Diagnostic) -> Bool {
        let codes = ["E0100", "E0101", "E0102", "E0104", "E0105", "E0106", "E0107", "E0109"]
        return codes.contains(finding.code)
    }

    /// The text with tabs of indentation written as spaces.
    private static func withoutTabs(_ bytes: [UInt8], spaces: Int) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var isIndentation = true
        for byte in bytes {
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                isIndentation = true
            } else if byte != UInt8(ascii: " "), byte != UInt8(ascii: "\t") {
                isIndentation = false
            }
            if isIndentation, byte == UInt8(ascii: "\t") {
                result += [UInt8](repeating: UInt8(ascii: " "), count: spaces)
            } else {
                result.append(byte)
            }
        }
        return result
    }
}

/// Why a text is left as it is.
package struct FormatError: Error {
    /// What was found, for people and programs.
    package let findings: [Diagnostic]
    /// The text that the findings are about.
    package let text: ConfigurationText

    init(findings: [Diagnostic], text: ConfigurationText) {
        self.findings = findings
        self.text = text
    }

    init(line: Int, reason: String, text: ConfigurationText) {
        self.init(
            findings: [
                Diagnostic(
                    code: "E0113",
                    message: "not formatted: \(reason)",
                    mark: SourceMark(file: text.path, line: line, column: 1, length: 1),
                    help: ["the file stays as it is"]
                )
            ],
            text: text
        )
    }
}
