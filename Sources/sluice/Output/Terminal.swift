import Glibc
import GraphModel

/// Where a command writes: results on standard output, everything else on standard error.
enum Terminal {
    /// Writes a result.
    static func print(_ text: String) { write(text, to: STDOUT_FILENO) }

    /// Writes a result for programs.
    static func print(json: JSONValue) { print(json.prettyText) }

    /// Writes what is not the result.
    static func note(_ text: String) { write(text, to: STDERR_FILENO) }

    /// Writes a part of a result that goes on; says whether anybody still reads.
    static func tries(_ text: String) -> Bool { write(text, to: STDOUT_FILENO) }

    @discardableResult
    private static func write(_ text: String, to descriptor: Int32) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Glibc.write(
                    descriptor,
                    UnsafeRawBufferPointer(
                        rebasing: UnsafeRawBufferPointer(bytes)[
                            rest.startIndex...
                        ]
                    ).baseAddress,
                    rest.count
                )
                if count < 0, errno == EINTR { continue }
                // Nobody reads any more (a closed pipe): end silently.
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }

    /// Whether standard output is a terminal that wants colour.
    static var hasColour: Bool { hasColour(STDOUT_FILENO) }

    /// Whether standard error is a terminal that wants colour.
    static var notesHaveColour: Bool { hasColour(STDERR_FILENO) }

    private static func hasColour(_ descriptor: Int32) -> Bool {
        if let force = environment("CLICOLOR_FORCE"), force != "0" { return true }
        if environment("NO_COLOR") != nil || environment("TERM") == "dumb" { return false }
        return isatty(descriptor) == 1
    }

    /// Whether only ASCII may be shown.
    static var isPlain: Bool {
        if environment("SLUICE_ASCII") == "1" { return true }
        let locale = environment("LC_ALL") ?? environment("LC_CTYPE") ?? environment("LANG") ?? ""
        let name = locale.uppercased()
        return !name.contains("UTF-8") && !name.contains("UTF8")
    }
}

/// Colours of a terminal; plain text when they are off.
struct Palette {
    /// What a colour is for.
    enum Tone: String {
        case error = "1;31"
        case warning = "1;33"
        case note = "1;36"
        case add = "32"
        case change = "33"
        case replace = "35"
        case rename = "36"
        case remove = "31"
        case strong = "1"
        case faint = "2"
    }

    /// Whether colours are on.
    let isOn: Bool

    /// Text in a colour.
    func paint(_ text: String, _ tone: Tone) -> String {
        isOn && !text.isEmpty ? "\u{1B}[\(tone.rawValue)m\(text)\u{1B}[0m" : text
    }
}
