import GraphModel

/// What the line says at which a text stops to be YAML.
extension SyntaxFault {
    /// Lines that an unfinished merge leaves in a file.
    private static let mergeMarks = ["<<<<<<< ", "=======", ">>>>>>> ", "||||||| "]

    /// The finding about a line that was not written for YAML; `nil` when it may have been.
    func foreignLine(_ lines: [ArraySlice<UInt8>]) -> Diagnostic? {
        for (place, line) in lines.enumerated() {
            let isMark = Self.mergeMarks.contains { mark in
                line.starts(with: mark.utf8)
                    && (mark.hasSuffix(" ") || line.count <= mark.count + 1)
            }
            if isMark {
                return finding(
                    "this is not YAML: the mark of a merge that is not finished",
                    line: place + 1,
                    length: min(line.count, 7),
                    help: "keep one of the two sides, and take out the lines that begin with "
                        + "<<<<<<<, ======= and >>>>>>>"
                )
            }
        }
        let above = lines.prefix(max(0, fault.line - 1)).indices.last { !isEmpty(lines[$0]) }
        for number in [fault.line, above.map { $0 + 1 }, fault.context?.line].compactMap(\.self) {
            guard lines.indices.contains(number - 1),
                let (column, scalar) = HiddenSpace.place(in: lines[number - 1])
            else { continue }
            return HiddenSpace.diagnostic(
                scalar,
                at: SourceMark(file: file, line: number, column: column, length: 1)
            )
        }
        return nil
    }

    /// What to do about the character at which it stops; `nil` when that says nothing.
    func remedy(in lines: [ArraySlice<UInt8>]) -> String? {
        guard lines.indices.contains(fault.line - 1) else { return nil }
        let line = String(decoding: lines[fault.line - 1], as: UTF8.self)
        let words = line.drop { $0 == " " }
        if words.hasPrefix("```") {
            return "take out the lines with ```: they belong to the page that the text is from"
        }
        let scalars = Array(line.unicodeScalars)
        let place = fault.column - 1
        let here = scalars.indices.contains(place) ? scalars[place] : " "
        if fault.problem.hasPrefix("found character that cannot start any token") {
            if here == "%", place > 0, scalars[place - 1] == "{" {
                return "a template has to be filled in before: {% ... %} means nothing here"
            }
            if here != "\t" { return "put quotes around a text that begins with \(here)" }
        }
        if here == "}" || here == "]", !fault.problem.contains("node content") {
            return "this \(here) closes nothing: take it out, or open what it closes"
        }
        let key = words.prefix { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
        if !key.isEmpty, words.dropFirst(key.count).drop(while: { $0 == " " }).first == "=" {
            return "a key needs a colon and a space after it, not =: write \(key): VALUE"
        }
        return nil
    }

    private func isEmpty(_ line: ArraySlice<UInt8>) -> Bool {
        line.allSatisfy { $0 == 0x20 || $0 == 0x0D }
    }

    private func finding(
        _ message: String,
        line: Int,
        length: Int,
        help: String
    ) -> Diagnostic {
        Diagnostic(
            code: "E0100",
            message: message,
            mark: SourceMark(file: file, line: line, column: 1, length: length),
            help: [help]
        )
    }
}
