/// How text looks in the cells of a terminal.
enum CellWidth {
    /// Cells of a scalar: two for wide ones, none for marks that combine.
    static func of(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case 0x300...0x36F, 0x200B...0x200D, 0xFE00...0xFE0F: 0
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
            0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF,
            0x20000...0x3FFFD:
            2
        default: 1
        }
    }

    /// Cells of a text.
    static func of(_ text: String) -> Int { text.unicodeScalars.reduce(0) { $0 + of($1) } }

    /// A scalar as it may be shown: nothing that moves the cursor, turns text around, or cannot be
    /// told from a space.
    static func shown(_ scalar: Unicode.Scalar, isPlain: Bool) -> String {
        switch scalar.value {
        case 0x09: return isPlain ? ">   " : "→   "
        case 0..<0x20, 0x7F...0xA0, 0xAD, 0x61C, 0x2000...0x200B, 0x200E, 0x200F, 0x2028...0x202F,
            0x205F, 0x2060, 0x2066...0x2069, 0x3000, 0xFEFF:
            let digits = String(scalar.value, radix: 16, uppercase: true)
            return "<U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + ">"
        default: return String(Character(scalar))
        }
    }
}

extension String {
    /// The text with spaces up to a number of cells.
    func padded(to cells: Int) -> String {
        self + String(repeating: " ", count: max(0, cells - CellWidth.of(self)))
    }
}
