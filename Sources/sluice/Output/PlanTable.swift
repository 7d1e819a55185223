import GraphModel

/// Lays lines of a plan out in columns, the place in the files at the right.
struct PlanTable {
    /// Narrowest text; a narrower terminal breaks the lines itself.
    private static let columnsMin = 60
    /// Widest columns; longer texts push what follows them to the right.
    private static let nameCellsMax = 28
    private static let detailCellsMax = 44

    private let kindCells: Int
    private let nameCells: Int
    private let detailCells: Int
    private let markerCells: Int
    private let columns: Int?
    private let palette: Palette

    init(rows: [PlanRow], columns: Int?, palette: Palette) {
        markerCells = rows.map { CellWidth.of($0.marker) }.max() ?? 1
        kindCells = rows.map { CellWidth.of($0.kind) }.max() ?? 0
        nameCells = min(Self.nameCellsMax, rows.map { CellWidth.of($0.name) }.max() ?? 0)
        detailCells = min(Self.detailCellsMax, rows.map { CellWidth.of($0.detail) }.max() ?? 0)
        self.columns = columns.map { max(Self.columnsMin, $0) }
        self.palette = palette
    }

    /// One line, with its end; more when the terminal is narrow.
    func text(of row: PlanRow) -> String {
        let marker = palette.paint(row.marker, row.tone)
        let gap = String(repeating: " ", count: markerCells - CellWidth.of(row.marker) + 1)
        let start =
            "\(gap)\(row.kind.padded(to: kindCells))  \(row.name.padded(to: nameCells))  "
        let place = palette.paint(row.place, .faint)
        let startCells = 2 + CellWidth.of(row.marker) + CellWidth.of(start)
        let cells = startCells + max(detailCells, CellWidth.of(row.detail)) + 2
        let total = row.place.isEmpty ? cells : cells + CellWidth.of(row.place)
        guard let columns, total > columns else {
            let detail = row.place.isEmpty ? row.detail : row.detail.padded(to: detailCells) + "  "
            return "  " + marker + Self.trimmed(start + detail + place) + "\n"
        }
        // The place goes below the object first; then the text wraps at the indent.
        let indent = 4 + markerCells + kindCells
        let body = "  \(row.marker)" + Self.trimmed(start + row.detail)
        let wrapped = Self.wrapped(body, indent: indent + 1, columns: columns)
        let painted = "  " + marker + wrapped.dropFirst(2 + row.marker.count)
        let below = String(repeating: " ", count: indent + 1) + place
        return row.place.isEmpty ? painted + "\n" : "\(painted)\n\(below)\n"
    }

    /// A text whose lines break at spaces, later ones indented.
    static func wrapped(_ text: String, indent: Int, columns: Int?) -> String {
        guard let columns else { return text }
        let margin = String(repeating: " ", count: indent)
        var lines: [String] = []
        var rest = text
        while CellWidth.of(rest) > columns, let space = lastSpace(in: rest, indent, columns) {
            lines.append(trimmed(String(rest[..<space])))
            rest = margin + rest[space...].drop { $0 == " " }
        }
        return (lines + [rest]).joined(separator: "\n")
    }

    /// The last space at which a line is short enough, or else the first one after that.
    private static func lastSpace(in text: String, _ indent: Int, _ columns: Int) -> String.Index? {
        var cells = 0
        var found: String.Index?
        for place in text.indices {
            if text[place] == " ", cells > indent {
                if cells > columns, found != nil { break }
                found = place
                if cells > columns { break }
            }
            cells += CellWidth.of(String(text[place]))
        }
        return found
    }

    private static func trimmed(_ text: String) -> String {
        var text = text
        while text.last == " " { text.removeLast() }
        return text
    }
}
