import ControlAPI

/// One page of the manual, in the language of man(7).
struct ManualPage {
    /// Name without its section: `sluice-plan`.
    let name: String
    /// Section of the manual.
    let section: Int
    /// One line about it, without a full stop.
    let summary: String
    /// Sections of the page.
    private(set) var body = ""

    init(_ name: String, _ section: Int, _ summary: String) {
        self.name = name
        self.section = section
        self.summary = summary.hasSuffix(".") ? String(summary.dropLast()) : summary
    }

    /// Name and section, as people cite it: `sluice-plan(1)`.
    var title: String { "\(name)(\(section))" }

    /// The page's source.
    var text: String {
        ".TH \(Self.quoted(name.uppercased())) \(section) \"\" \"sluice \(SluiceVersion.current)\" "
            + "\"sluice manual\"\n.SH NAME\n\(Self.escaped(name)) \\- \(Self.escaped(summary))\n"
            + body
    }

    /// Begins a section.
    mutating func section(_ title: String) { body += ".SH \(Self.quoted(title))\n" }

    /// Begins a section in a section.
    mutating func subsection(_ title: String) { body += ".SS \(Self.quoted(title))\n" }

    /// Adds paragraphs; lines that are indented stay as they are.
    mutating func paragraphs(_ text: String) {
        var isLiteral = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let wantsLiteral = line.hasPrefix(" ") || (isLiteral && line.isEmpty)
            if wantsLiteral != isLiteral {
                body += wantsLiteral ? (isAfterHeading ? ".nf\n" : ".PP\n.nf\n") : ".fi\n.PP\n"
                isLiteral = wantsLiteral
            } else if line.isEmpty, !isLiteral {
                body += ".PP\n"
                continue
            }
            if !line.isEmpty || isLiteral { body += Self.escaped(String(line)) + "\n" }
        }
        if isLiteral { body += ".fi\n" }
    }

    /// Adds lines that stay as they are.
    mutating func literal(_ text: String) {
        body += isAfterHeading ? ".nf\n" : ".PP\n.nf\n"
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            body += Self.escaped(String(line)) + "\n"
        }
        body += ".fi\n"
    }

    /// Whether the last line is a heading, after which a paragraph begins by itself.
    private var isAfterHeading: Bool {
        let last = body.dropLast().split(separator: "\n").last ?? ""
        return last.hasPrefix(".SH") || last.hasPrefix(".SS")
    }

    /// Adds a term with what is said about it.
    mutating func item(_ term: String, _ text: String) {
        body += ".TP\n.B \(Self.escaped(term))\n"
        for line in text.split(separator: "\n") { body += Self.escaped(String(line)) + "\n" }
    }

    /// Adds other pages.
    mutating func seeAlso(_ pages: [String]) {
        section("SEE ALSO")
        body += pages.map(Self.escaped).joined(separator: ",\n") + "\n"
    }

    /// Text that means nothing to the formatter but itself.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "\\": escaped += "\\e"
            case "-": escaped += "\\-"
            case "→": escaped += "\\(->"
            case "…": escaped += "..."
            case "±": escaped += "\\(+-"
            case "−": escaped += "\\-"
            default: escaped.append(character)
            }
        }
        return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
    }

    private static func quoted(_ text: String) -> String {
        "\"\(escaped(text).replacing("\"", with: "\\(dq"))\""
    }
}
