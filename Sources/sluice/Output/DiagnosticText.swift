import GraphModel
import Reconciliation

/// Writes findings for people: the GNU line that editors know, the source line, a caret, and help.
struct DiagnosticText {
    /// Widest source line that is shown whole, in cells.
    private static let lineCellsMax = 160

    private let sources: SourceLines
    private let palette: Palette
    private let isPlain: Bool
    private let fixes: FixList
    private let paths: String

    init(
        sources: SourceLines,
        palette: Palette,
        isPlain: Bool,
        fixes: FixList = FixList(),
        paths: String = ""
    ) {
        self.sources = sources
        self.palette = palette
        self.isPlain = isPlain
        self.fixes = fixes
        self.paths = paths
    }

    /// All findings, an empty line between two.
    func text(of findings: [Diagnostic], omittedCount: Int = 0) -> String {
        var blocks = findings.map(text)
        if omittedCount > 0 {
            blocks.append("\(isPlain ? "..." : "…") \(omittedCount) more\n")
        }
        return blocks.joined(separator: "\n")
    }

    /// A message as it may be shown: it may hold words of a hostile file.
    private func safe(_ message: String) -> String {
        if message.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return message }
        return message.unicodeScalars.map { CellWidth.shown($0, isPlain: isPlain) }.joined()
    }

    private func text(of finding: Diagnostic) -> String {
        let tone: Palette.Tone =
            switch finding.severity {
            case .error: .error
            case .warning: .warning
            case .note: .note
            }
        let severity = palette.paint("\(finding.severity.rawValue)[\(finding.code)]", tone)
        var text = "\(place(finding.mark))\(severity): \(safe(finding.message))\n"
        text += excerpt(finding.mark, caret: "^", label: finding.label, tone)
        for related in finding.related {
            text +=
                "\(place(related.mark))\(palette.paint("note", .note)): \(safe(related.message))\n"
            text += excerpt(related.mark, caret: "-", label: "", .note)
        }
        if let first = finding.suggestions.first {
            let rest = finding.suggestions.dropFirst().map { " or \"\(safe($0))\"" }.joined()
            text += "      = did you mean \"\(safe(first))\"\(rest)?\n"
        }
        let entry = fixes.entry(of: finding)
        // The drawing says what the help of a conflict says, and more.
        let help = entry?.conflict == nil ? finding.help : []
        for line in help { text += "      = \(safe(line))\n" }
        if let entry { text += ConflictText(entry: entry, isPlain: isPlain, paths: paths).text }
        return text
    }

    private func place(_ mark: SourceMark?) -> String {
        guard let mark else { return "" }
        return palette.paint("\(mark.file):\(mark.line):\(mark.column): ", .strong)
    }

    private func excerpt(
        _ mark: SourceMark?,
        caret: Character,
        label: String,
        _ tone: Palette.Tone
    ) -> String {
        guard let mark, let line = sources.line(mark.line, of: mark.file) else { return "" }
        let scalars = Array(line.unicodeScalars)
        let start = min(mark.column - 1, scalars.count)
        let end = min(start + max(1, mark.length), max(scalars.count, start + 1))
        var shown = scalars.map { CellWidth.shown($0, isPlain: isPlain) }
        var before = shown[..<start].reduce(0) { $0 + CellWidth.of($1) }
        let token = shown[start..<min(end, shown.count)].reduce(0) { $0 + CellWidth.of($1) }
        cut(&shown, around: start, &before)
        let number = String(mark.line)
        let margin = String(repeating: " ", count: max(0, 5 - number.count)) + number
        let carets = String(repeating: caret, count: max(1, token))
        let tail = label.isEmpty ? "" : " " + label
        return "\(margin) | \(shown.joined())\n"
            + String(repeating: " ", count: max(5, number.count)) + " | "
            + String(repeating: " ", count: before) + palette.paint(carets + tail, tone) + "\n"
    }

    /// Shortens a long line to what stands around the caret.
    private func cut(_ shown: inout [String], around place: Int, _ before: inout Int) {
        let total = shown.reduce(0) { $0 + CellWidth.of($1) }
        guard total > Self.lineCellsMax else { return }
        let dots = isPlain ? "..." : "…"
        let first = max(0, place - Self.lineCellsMax / 2)
        let last = min(shown.count, first + Self.lineCellsMax)
        let hidden = shown[..<first].reduce(0) { $0 + CellWidth.of($1) }
        let isCutAtEnd = last < shown.count
        shown = Array(shown[first..<last])
        if first > 0 {
            shown.insert(dots, at: 0)
            before += CellWidth.of(dots) - hidden
        }
        if isCutAtEnd { shown.append(dots) }
    }
}

/// Lines of the files that findings are about.
struct SourceLines {
    private var bytes: [String: [UInt8]] = [:]

    /// Keeps files by their paths.
    init(_ files: [(path: String, bytes: [UInt8])]) {
        for file in files { bytes[file.path] = file.bytes }
    }

    /// A line by its number from 1, without its end.
    func line(_ number: Int, of path: String) -> String? {
        guard let all = bytes[path] else { return nil }
        var rest = (WideText.decoded(all) ?? all)[...]
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        for _ in 1..<max(1, number) {
            guard let end = rest.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) else { return nil }
            let next = rest.index(after: end)
            let isPair = rest[end] == 0x0D && next < rest.endIndex && rest[next] == 0x0A
            rest = rest[(isPair ? next + 1 : next)...]
        }
        return String(decoding: rest.prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
    }
}
