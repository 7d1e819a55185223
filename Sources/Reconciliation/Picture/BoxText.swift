/// The text in a box, cut and broken so that it fits, and the room that it takes.
struct BoxText {
    /// Narrowest box.
    static let widthMin = 132.0
    /// Most scalars of a name, and of a line below it.
    private static let nameMax = 30
    private static let lineMax = 36
    private static let notesMax = 4
    /// Where text begins and how much room a line takes.
    static let inset = 30.0
    static let nameHeight = 19.0
    static let lineHeight = 14.0

    /// The name.
    let name: String
    /// Kind and details.
    let lines: [String]
    /// What a plan changes.
    let notes: [String]
    let width: Double
    let height: Double

    init(_ box: GraphPicture.Box) {
        name = Self.cut(box.name, Self.nameMax)
        lines = Self.broken([box.kind] + box.details)
        var notes = box.notes.prefix(Self.notesMax).map { Self.cut($0, Self.lineMax + 6) }
        if box.notes.count > notes.count {
            notes.append("… \(box.notes.count - notes.count) more")
        }
        self.notes = notes
        let badge = box.change == .same ? 0.0 : 22.0
        let impact = box.impact.isEmpty ? 0.0 : Self.smallWidth(of: box.impact) + 20
        let widest =
            ([Self.nameWidth(of: name) + badge + impact] + lines.map(Self.lineWidth)
            + notes.map(Self.smallWidth)).max() ?? 0
        width = max(Self.widthMin, Double(Int(widest + Self.inset + 13)))
        height =
            Self.nameHeight + Double(lines.count) * Self.lineHeight
            + Double(notes.count) * Self.lineHeight + 15
    }

    /// Details joined, on as many lines as they need.
    private static func broken(_ details: [String]) -> [String] {
        var lines: [String] = []
        for detail in details {
            let cut = cut(detail, lineMax)
            guard let last = lines.last else {
                lines.append(cut)
                continue
            }
            let joined = "\(last) · \(cut)"
            if cells(of: joined) <= lineMax {
                lines[lines.count - 1] = joined
            } else {
                lines.append(cut)
            }
        }
        return lines
    }

    private static func cut(_ text: String, _ length: Int) -> String {
        guard cells(of: text) > length else { return text }
        var kept = ""
        for scalar in text.unicodeScalars {
            if cells(of: kept) + 2 > length { break }
            kept.unicodeScalars.append(scalar)
        }
        return kept + "…"
    }

    /// Width of a name: 13 pixels, fixed pitch, bold.
    static func nameWidth(of text: String) -> Double { Double(cells(of: text)) * 7.83 }

    /// Width of a line below it: 11 pixels, proportional; a careful guess.
    static func lineWidth(of text: String) -> Double { Double(cells(of: text)) * 6.2 }

    /// Width of words on a line: 10 pixels, fixed pitch.
    static func smallWidth(of text: String) -> Double { Double(cells(of: text)) * 6.03 }

    /// Cells of fixed-pitch text: two for the scripts of East Asia.
    static func cells(of text: String) -> Int {
        text.unicodeScalars.reduce(0) { sum, scalar in
            switch scalar.value {
            case 0x300...0x36F: sum
            case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
                0xFF00...0xFF60, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
                sum + 2
            default: sum + 1
            }
        }
    }
}
