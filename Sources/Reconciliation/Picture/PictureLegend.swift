/// What the signs in a drawing mean, below it; only those that are in it.
struct PictureLegend {
    private static let rowHeight = 20.0

    private let rows: [[Entry]]

    /// One sign with its meaning.
    private enum Entry {
        case change(GraphPicture.Change)
        case family(GraphPicture.Family, String)
        case words(String)
    }

    init(picture: GraphPicture) {
        var rows: [[Entry]] = []
        if picture.isPlan {
            let changes = GraphPicture.Change.allCases.filter { change in
                picture.boxes.contains { $0.change == change }
            }
            rows.append(changes.map { .change($0) })
        }
        let families: [(GraphPicture.Family, String)] = [
            (.export, "export"), (.filter, "filter"), (.format, "format"), (.source, "data"),
        ]
        rows.append(
            families.filter { family, _ in picture.boxes.contains { $0.family == family } }
                .map { .family($0, $1) }
        )
        rows.append([
            .words(
                "On a line: what is used / what others may do.  R consistent-read, W write, "
                    + "U write-unchanged, S resize."
            )
        ])
        self.rows = rows
    }

    /// Height of all rows, in pixels.
    var height: Double { Double(rows.count) * Self.rowHeight }

    /// The rows as SVG.
    func text(left: Double, top: Double) -> String {
        var text = ""
        for (row, entries) in rows.enumerated() {
            var x = left
            let y = top + Double(row) * Self.rowHeight
            for entry in entries { text += drawn(entry, &x, y) }
        }
        return text
    }

    private func drawn(_ entry: Entry, _ x: inout Double, _ y: Double) -> String {
        switch entry {
        case .change(let change):
            let word = change == .same ? "stays" : change.rawValue
            let place = "x=\"\(PictureStyle.short(x))\" y=\"\(PictureStyle.short(y))\""
            var text =
                "<g class=\"box \(change.rawValue)\"><rect class=\"frame\" \(place) "
                + "width=\"18\" height=\"13\" rx=\"3\"/></g>"
            text += label(
                change == .same ? word : "\(change.mark(isPlain: false)) \(word)",
                x + 24,
                y
            )
            x += 50 + BoxText.lineWidth(of: word) + 14
            return text + "\n"
        case .family(let family, let word):
            let text =
                "<g class=\"box \(family.rawValue)\"><use href=\"#\(family.rawValue)\" "
                + "x=\"\(PictureStyle.short(x + 2))\" y=\"\(PictureStyle.short(y - 1))\"/></g>"
                + label(word, x + 24, y)
            x += 36 + BoxText.lineWidth(of: word) + 14
            return text + "\n"
        case .words(let words): return label(words, x, y) + "\n"
        }
    }

    private func label(_ text: String, _ x: Double, _ y: Double) -> String {
        "<text class=\"key\" x=\"\(PictureStyle.short(x))\" y=\"\(PictureStyle.short(y + 10))\">"
            + "\(MarkupText.xml(text))</text>"
    }
}
