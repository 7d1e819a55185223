import GraphModel

/// Text that is no YAML, told in words that say what to do about it.
struct SyntaxFault {
    let fault: EventStream.Fault
    let file: String

    init(_ fault: EventStream.Fault, file: String) {
        self.fault = fault
        self.file = file
    }

    /// The finding, about a file of these bytes.
    func diagnostic(of bytes: [UInt8]) -> Diagnostic {
        if let column = TextRules.indentationTab(in: bytes, line: fault.line) {
            return Diagnostic(
                code: "E0102",
                message: "tab used for indentation",
                mark: SourceMark(file: file, line: fault.line, column: column, length: 1),
                label: "tab",
                help: ["indent with spaces; to replace tabs: sluice fmt --tabs 2 \(file)"]
            )
        }
        if fault.problem == "control characters are not allowed",
            let found = TextRules.controlCharacter(in: bytes, file: file)
        {
            return found
        }
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        if let found = foreignLine(lines) { return found }
        var related: [Diagnostic.Related] = []
        if let context = fault.context, context.line != fault.line || context.column != fault.column
        {
            related.append(
                Diagnostic.Related(
                    message: context.text,
                    mark: SourceMark(file: file, line: context.line, column: context.column)
                )
            )
        }
        let remedy = Self.remedies.first { fault.problem.hasPrefix($0.problem) }?.help
        let above = lineAbove(in: lines)
        related += above.map { [$0.place] } ?? []
        return Diagnostic(
            code: "E0100",
            message: "this is not YAML: \(fault.problem)",
            mark: SourceMark(file: file, line: fault.line, column: fault.column, length: 1),
            related: related,
            help: (above?.help ?? self.remedy(in: lines) ?? remedy).map { [$0] } ?? []
        )
    }

    /// A colon too many is most often the fault of the line above: one without a space after its
    /// colon is a text that goes on, and one that has its value already takes nothing below it.
    private func lineAbove(
        in lines: [ArraySlice<UInt8>]
    ) -> (place: Diagnostic.Related, help: String)? {
        guard fault.problem.hasPrefix("mapping values are not allowed"), fault.line > 1 else {
            return nil
        }
        guard fault.line <= lines.count else { return nil }
        var number = fault.line - 1
        while number > 0, lines[number - 1].allSatisfy({ $0 == 0x20 || $0 == 0x0D }) { number -= 1 }
        guard number > 0 else { return nil }
        let (above, here) = (lines[number - 1], lines[fault.line - 1])
        let indent = above.prefix { $0 == 0x20 }.count
        let words = above.dropFirst(indent)
        guard let colon = words.firstIndex(of: UInt8(ascii: ":")),
            words.first != UInt8(ascii: "#"), words.first != UInt8(ascii: "-")
        else { return nil }
        func place(_ message: String, column: Int) -> Diagnostic.Related {
            Diagnostic.Related(
                message: message,
                mark: SourceMark(file: file, line: number, column: column, length: 1)
            )
        }
        let rest = above[(colon + 1)...]
        if let next = rest.first, next != 0x20, next != 0x09, next != 0x0D {
            return (
                place("no space after this colon", column: colon - above.startIndex + 1),
                "a key needs a colon and a space after it: key: value"
            )
        }
        let hasValue = rest.contains { $0 != 0x20 && $0 != 0x0D }
        guard hasValue, here.prefix(while: { $0 == 0x20 }).count > indent else { return nil }
        return (
            place("this line has a value already", column: indent + 1),
            "keys of one mapping begin at one column: move the line to the left"
        )
    }

    /// What most often is behind libyaml's words.
    private static let remedies: [(problem: String, help: String)] = [
        (
            "mapping values are not allowed",
            "a colon with a space after it begins a value: put quotes around a text that has one, "
                + "or mend the indentation of the line above"
        ),
        (
            "could not find expected ':'",
            "a key needs a colon and a space after it: key: value"
        ),
        (
            "did not find expected key",
            "lines of one mapping begin at one column; does this line stand too far left or right, or is a "
                + "quote closed too early?"
        ),
        (
            "did not find expected ',' or ']'",
            "a list that begins with [ ends with ], with commas between its values"
        ),
        (
            "did not find expected ',' or '}'",
            "a mapping that begins with { ends with }, with commas between its entries"
        ),
        (
            "did not find expected '-' indicator",
            "lines of one list begin with - at one column"
        ),
        ("found unexpected end of stream", "a quote or a bracket is opened and never closed"),
        (
            "found character that cannot start any token",
            "put quotes around a text that begins with @ or `; indent with spaces, not tabs"
        ),
        (
            "found unknown escape character",
            "in double quotes \\ begins an escape: write \\\\, or use single quotes"
        ),
        (
            "block sequence entries are not allowed",
            "a list under a key begins on a line of its own"
        ),
        (
            "did not find expected <document start>",
            "a document ends here: is the line indented as the ones above it?"
        ),
        (
            "did not find expected node content",
            "a value is missing here, or a bracket above is not closed"
        ),
        (
            "did not find expected alphabetic or numeric character",
            "* begins an alias and & an anchor: put quotes around a text that begins so"
        ),
        (
            "did not find expected hexdecimal number",
            "in double quotes \\x takes two hexadecimal digits, \\u four and \\U eight"
        ),
        (
            "found invalid Unicode character escape code",
            "the escape names no character"
        ),
        (
            "found undefined tag handle",
            "take the tag out: each option knows the type of its value"
        ),
        (
            "found incompatible YAML document",
            "take the line with %YAML out"
        ),
        (
            "did not find expected comment or line break",
            "after | or > the text begins on the next line"
        ),
        (
            "found a tab character",
            "use spaces: tabs stand for no fixed number of columns"
        ),
    ]
}
