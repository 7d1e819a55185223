import GraphModel

/// What a scalar's text says, once its option has told its type.
enum ScalarText {
    /// A whole number by YAML 1.2's core schema: `17`, `0x11`, `0o21`.
    ///
    /// `017` is none: it is 17 to some readers and 15 to others.
    static func integer(_ text: String) -> Int64? {
        if hasLeadingZero(text) { return nil }
        if text.hasPrefix("0x") { return unsigned(text.dropFirst(2), radix: 16) }
        if text.hasPrefix("0o") { return unsigned(text.dropFirst(2), radix: 8) }
        return Int64(text)
    }

    /// Whether a number begins with a zero that other readers take for the sign of octal digits.
    private static func hasLeadingZero(_ text: String) -> Bool {
        let digits = text.drop { $0 == "-" || $0 == "+" }
        guard digits.first == "0", let second = digits.dropFirst().first else { return false }
        return second.isASCII && second.isNumber
    }

    /// Whether a number of an option's form is so large that it fits nowhere.
    static func isTooLarge(_ text: String, for kind: OptionKind) -> Bool {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text[digits.endIndex...]
        guard !digits.isEmpty, !hasLeadingZero(text) else { return false }
        switch kind {
        case .integer: return unit.isEmpty
        case .size: return unit.isEmpty || sizeUnits.contains { $0.name == unit }
        case .duration: return durationUnits.contains { $0.name == unit }
        default: return false
        }
    }

    private static func unsigned(_ digits: Substring, radix: Int) -> Int64? {
        guard let first = digits.utf8.first, first != UInt8(ascii: "-"),
            first != UInt8(ascii: "+")
        else { return nil }
        return Int64(digits, radix: radix)
    }

    /// Units of sizes with their bytes.
    static let sizeUnits: [(name: String, factor: Int64)] = [
        ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
        ("PiB", 1 << 50), ("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30), ("T", 1 << 40),
        ("P", 1 << 50), ("B", 1),
    ]

    /// A number of bytes: `512`, `64KiB`; `nil` also when it does not fit.
    static func size(_ text: String) -> Int64? { integer(text) ?? scaled(text, by: sizeUnits) }

    /// Units of durations with their nanoseconds.
    static let durationUnits: [(name: String, factor: Int64)] = [
        ("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000),
        ("m", 60_000_000_000), ("h", 3_600_000_000_000),
    ]

    /// A length of time in nanoseconds: `250ms`; `nil` also when it does not fit.
    static func duration(_ text: String) -> Int64? {
        text == "0" ? 0 : scaled(text, by: durationUnits)
    }

    private static func scaled(_ text: String, by units: [(name: String, factor: Int64)]) -> Int64?
    {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int64(digits), !hasLeadingZero(text) else { return nil }
        let unit = text[digits.endIndex...]
        guard let factor = units.first(where: { $0.name == unit })?.factor else { return nil }
        let (product, isTooLarge) = number.multipliedReportingOverflow(by: factor)
        return isTooLarge ? nil : product
    }

    /// A flag: `true` and `false` as YAML 1.2 spells them, `on` and `off` as QEMU's users do.
    static func flag(_ text: String) -> Bool? {
        switch text {
        case "true", "True", "TRUE", "on": true
        case "false", "False", "FALSE", "off": false
        default: nil
        }
    }

    /// The flag that somebody meant with a word that is none.
    static func meantFlag(_ text: String) -> String? {
        switch text.lowercased() {
        case "yes", "y", "1", "on", "enable", "enabled", "true": "true"
        case "no", "n", "0", "off", "disable", "disabled", "false": "false"
        default: nil
        }
    }

    /// A size that somebody meant with a text that is none: `64 kb` for `64KiB`.
    static func meantSize(_ text: String) -> String? {
        let digits = text.prefix { ($0.isASCII && $0.isNumber) || $0 == "." }
        var unit = text[digits.endIndex...].filter { $0 != " " }.uppercased()
        // Rates are given as sizes: the second goes without saying.
        if unit.hasSuffix("/S") || unit.hasSuffix("PS") { unit.removeLast(2) }
        guard !digits.isEmpty, let first = unit.first, "KMGTP".contains(first),
            ["", "B", "IB"].contains(String(unit.dropFirst()))
        else { return nil }
        guard digits.contains(".") else { return "\(digits)\(first)iB" }
        guard let count = fraction(String(digits)), count > 0, count < 0x1p20,
            let place = sizeUnits.firstIndex(where: { $0.name == "\(first)iB" })
        else { return nil }
        let bytes = count * Double(sizeUnits[place].factor)
        return bytes.rounded() == bytes && bytes < 0x1p62
            ? shown(Int64(bytes), as: .size(0...Int64.max)) : nil
    }

    /// Other words for the units of durations.
    private static let durationWords = [
        "usec": "us", "microsecond": "us", "msec": "ms", "milli": "ms", "millisecond": "ms",
        "sec": "s", "second": "s", "min": "m", "minute": "m", "hr": "h", "hour": "h",
    ]

    /// A length of time that somebody meant with a text that is none: `5 seconds`, `1.5s`.
    static func meantDuration(_ text: String) -> String? {
        let digits = text.prefix { ($0.isASCII && $0.isNumber) || $0 == "." }
        var word = text[digits.endIndex...].filter { $0 != " " }.lowercased()
        if word.count > 2, word.hasSuffix("s") { word.removeLast() }
        let unit = durationWords[word] ?? word
        guard let count = fraction(String(digits)), count < 0x1p20,
            let factor = durationUnits.first(where: { $0.name == unit })?.factor
        else { return nil }
        let time = count * Double(factor)
        return time.rounded() == time ? shown(Int64(time), as: .duration(0...Int64.max)) : nil
    }

    /// A whole number that somebody meant with a text that is none: `1_000`, `4k`, `1e3`, `017`.
    static func meantInteger(_ text: String) -> String? {
        let plain = text.filter { $0 != "_" && $0 != "," }
        if let number = Int64(plain) { return String(number) }
        let digits = plain.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int64(digits), number < 1 << 40 else { return nil }
        switch plain[digits.endIndex...].lowercased() {
        case "k": return String(number * 1_000)
        case "m": return String(number * 1_000_000)
        case ".0": return String(number)
        default: return nil
        }
    }

    /// Permission bits in octal digits: `0660`, `660`, `0o660`.
    static func fileMode(_ text: String) -> Int64? {
        let digits = text.hasPrefix("0o") ? text.dropFirst(2) : text[...]
        guard let mode = unsigned(digits, radix: 8), mode <= 0o777 else { return nil }
        return mode
    }

    /// A fraction in digits: `0.5`, `1e-3`; no words and no hexadecimal digits.
    static func fraction(_ text: String) -> Double? {
        let isNumber = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains(byte)
        }
        return isNumber ? Double(text) : nil
    }

    /// Texts of an option's type that somebody may have meant with one that is not.
    static func meant(_ text: String, for kind: OptionKind) -> [String] {
        switch kind {
        case .size: (meantSize(text) ?? meantInteger(text)).map { [$0] } ?? []
        case .duration:
            integer(text).map { ["\($0)s", "\($0)ms"] } ?? meantDuration(text).map { [$0] } ?? []
        case .mapping(let options):
            Habits.onlyRequired(of: options).flatMap { option in
                if case .size = option.kind, size(text) != nil {
                    ["{\(option.key): \(text)}"]
                } else {
                    nil
                }
            } ?? []
        case .integer: meantInteger(text).map { [$0] } ?? []
        case .errorNumber: Spelling.near(text, among: ErrorNumber.named.map(\.name))
        case .list: text.isEmpty ? [] : ["[\(text)]"]
        default: []
        }
    }

    /// A bound of an option as a document would say it.
    static func shown(_ number: Int64, as kind: OptionKind) -> String {
        let units: [(name: String, factor: Int64)]
        switch kind {
        case .size: units = Array(sizeUnits.prefix(5).reversed())
        case .duration: units = Array(durationUnits.reversed())
        case .fileMode: return "0" + String(number, radix: 8)
        default: return String(number)
        }
        let unit = units.first { number != 0 && number % $0.factor == 0 }
        return unit.map { "\(number / $0.factor)\($0.name)" } ?? String(number)
    }

    /// What kind of value a plain scalar looks like, for messages.
    static func kind(of text: String, isPlain: Bool) -> String {
        if !isPlain { return "text" }
        if integer(text) != nil { return "a whole number" }
        if hasLeadingZero(text) {
            return text.contains { $0 == "8" || $0 == "9" }
                ? "a number with a leading zero and a digit that is not octal"
                : "a number with a leading zero, 8 or 10 by the reader"
        }
        if Double(text) != nil { return "a number" }
        if flag(text) != nil { return "a flag" }
        return "text"
    }
}
