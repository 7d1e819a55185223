import Reconciliation

/// Writes a picture as a tree for a terminal: one line for each use of a node, in columns.
struct GraphTree {
    private static let nameCellsMax = 46

    private let picture: GraphPicture
    private let title: String
    private let palette: Palette
    private let isPlain: Bool

    init(picture: GraphPicture, title: String, palette: Palette, isPlain: Bool) {
        self.picture = picture
        self.title = title
        self.palette = palette
        self.isPlain = isPlain
    }

    /// The tree, with what it shows above it and what the signs mean below.
    var text: String {
        let rows = picture.tree(isPlain: isPlain)
        guard !rows.isEmpty else { return "\(shown(title))\nnothing: no export and no node\n" }
        let names = min(
            rows.map { CellWidth.of($0.branch + $0.name) }.max() ?? 0,
            Self.nameCellsMax
        )
        let edges = rows.map { CellWidth.of(edge(of: $0)) }.max() ?? 0
        var text = palette.paint(shown(title), .strong) + "\n\(shown(picture.summary))\n\n"
        for row in rows { text += line(row, names: names, edges: edges) }
        for remark in picture.remarks {
            let notes = remark.notes.joined(separator: ", ")
            text +=
                palette.paint(remark.change.mark(isPlain: isPlain), tone(remark.change))
                + " \(remark.object)" + (notes.isEmpty ? "" : "  " + shown(notes)) + "\n"
        }
        return text + palette.paint("\n" + legend, .faint) + "\n"
    }

    private var legend: String {
        var words: [String] = []
        if picture.isPlan {
            words = picture.counts.map {
                "\($0.change.mark(isPlain: isPlain)) \($0.change.rawValue)"
            }
        }
        return (words + ["edge uses/shares: R read, W write, U write-unchanged, S resize"])
            .joined(separator: isPlain ? ", " : " · ")
    }

    private func line(_ row: GraphPicture.TreeRow, names: Int, edges: Int) -> String {
        let tone = tone(row.change)
        var line = ""
        if picture.isPlan {
            let mark = row.change.mark(isPlain: isPlain).padded(to: 2)
            line += palette.paint(mark, tone) + " "
        }
        let name = (row.branch + row.name).padded(to: names)
        let isStill = row.change == .same
        line += isStill ? name : palette.paint(name, tone)
        let edge = edge(of: row).padded(to: edges)
        line += "  " + palette.paint(edge, self.tone(row.edgeChange)) + "  " + row.details
        if picture.isPlan, !row.impact.isEmpty {
            line += "  " + palette.paint("[\(row.impact)]", .strong)
        }
        return trimmed(line) + "\n"
    }

    /// An edge's words, with a mark when it comes or goes and its node stays.
    private func edge(of row: GraphPicture.TreeRow) -> String {
        guard row.edgeChange != .same, row.edgeChange != row.change else { return row.edge }
        return "\(row.edgeChange.mark(isPlain: isPlain)) \(row.edge)"
    }

    private func tone(_ change: GraphPicture.Change) -> Palette.Tone {
        switch change {
        case .same: .faint
        case .add: .add
        case .change: .change
        case .replace: .replace
        case .rename: .rename
        case .remove: .remove
        }
    }

    /// Text for this terminal: nothing that moves the cursor, and ASCII where that is wished.
    private func shown(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            isPlain && scalar == "→" ? "->" : CellWidth.shown(scalar, isPlain: isPlain)
        }.joined()
    }

    private func trimmed(_ text: String) -> String {
        var text = text
        while text.last == " " { text.removeLast() }
        return text
    }
}
