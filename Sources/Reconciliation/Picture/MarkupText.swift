/// Text made safe for the languages that pictures are written in: names and paths come from files
/// that anybody may have written.
enum MarkupText {
    /// Text for XML, in elements and in quoted attributes.
    static func xml(_ text: String) -> String {
        var safe = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": safe += "&amp;"
            case "<": safe += "&lt;"
            case ">": safe += "&gt;"
            case "\"": safe += "&quot;"
            case "'": safe += "&#39;"
            default: safe.unicodeScalars.append(isShown(scalar) ? scalar : "\u{FFFD}")
            }
        }
        return safe
    }

    /// Text between double quotes in Graphviz's language.
    static func dot(_ text: String) -> String {
        var safe = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\", "\"": safe += "\\" + String(Character(scalar))
            default: safe.unicodeScalars.append(isShown(scalar) ? scalar : "\u{FFFD}")
            }
        }
        return safe
    }

    /// Text between double quotes in Mermaid, which knows no escapes but these entities.
    static func mermaid(_ text: String) -> String {
        var safe = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "&", "<", ">", "#", "`", ";", "\\", "|":
                safe += "#\(scalar.value);"
            default: safe.unicodeScalars.append(isShown(scalar) ? scalar : "\u{FFFD}")
            }
        }
        return safe
    }

    /// Text on one line of a terminal.
    static func line(_ text: String) -> String {
        var safe = ""
        for scalar in text.unicodeScalars {
            safe.unicodeScalars.append(isShown(scalar) ? scalar : "\u{FFFD}")
        }
        return safe
    }

    /// Whether a scalar shows as itself: no control character, none that turns text around.
    private static func isShown(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F, 0x61C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069,
            0xFEFF, 0xFFFE, 0xFFFF:
            false
        default: true
        }
    }
}
