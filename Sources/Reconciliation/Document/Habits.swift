import GraphModel

/// What people write who know other programs, or who have not seen this one, and what to say then.
enum Habits {
    /// Most drivers that are named.
    private static let driversMax = 4
    /// Most longer names of fields that are named.
    private static let longerMax = 3
    /// Most objects of a kind that are named.
    static let namesMax = 6

    /// Help about a key that means nothing where it stands.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - kind: The object that it stands in.
    ///   - slots: Names of the object's children.
    ///   - known: Names of the object's fields.
    /// - Returns: Sentences; none when nothing is known about the key.
    static func help(
        key: String,
        in kind: ObjectKind,
        slots: [String],
        known: [String]
    ) -> [String] {
        if ["node-name", "id", "name"].contains(key) {
            switch kind {
            case .node: return ["a node is named by its key under nodes"]
            case .export: return ["the node that is exported is named by node"]
            case .ioThread, .throttleGroup, .listener:
                return ["\(kind.titleWithArticle) is named by its key under \(kind.section)"]
            }
        }
        if kind == .export, key == "read-only" || key == "readonly" {
            return [
                "an export that may only be read has writable: false, which is the default; "
                    + "clients may write with writable: true"
            ]
        }
        let longer = known.filter { $0.hasPrefix(key + "-") }.sorted {
            ($0.utf8.count, $0) < ($1.utf8.count, $1)
        }
        if !longer.isEmpty {
            return ["fields that begin so: " + longer.prefix(longerMax).joined(separator: ", ")]
        }
        if key.first?.isNumber == true {
            return ["in {...} a comma begins the next field: numbers and sizes have none"]
        }
        let drivers = Catalog.drivers.filter { driver in
            driver.options.contains { $0.key == key } || driver.slots.contains { $0.name == key }
        }.map(\.name)
        if key == "filename", slots.contains("file") {
            return ["a file is a node of its own: file: {driver: file, filename: PATH}"]
        }
        if !drivers.isEmpty, drivers.count <= driversMax {
            let word = drivers.count == 1 ? "driver" : "drivers"
            return ["\(key) is a field of \(word) \(drivers.joined(separator: ", "))"]
        }
        let sections = ObjectKind.allCases.filter { other in
            other != kind && other != .node && Catalog.options(of: other).contains { $0.key == key }
        }
        return sections.first.map { other in
            ["\(key) is a field of \(other.titleWithArticle), which stands under \(other.section)"]
        } ?? []
    }

    /// What others call a field that has another name here.
    private static let synonyms = [
        "path": ["filename"], "device": ["filename"], "filename": ["file"], "image": ["file"],
        "file": ["image", "filename"], "group": ["throttle-group"],
        "threshold": ["vote-threshold"], "addr": ["address"], "disk": ["node"], "volume": ["node"],
    ]
    /// What others call the driver; a driver may have a field of the name.
    private static let driverWords: Set<String> = ["type", "format", "kind", "fmt"]

    /// The field that is meant with a name that it has elsewhere.
    ///
    /// - Parameters:
    ///   - key: The name elsewhere.
    ///   - known: Names of the fields here.
    /// - Returns: The name here; `nil` when there is none.
    static func synonym(of key: String, among known: [String]) -> String? {
        if known == ["driver"], driverWords.contains(key) { return "driver" }
        return synonyms[key]?.first { known.contains($0) }
    }

    /// The word that is meant where there are a few.
    ///
    /// - Parameters:
    ///   - text: What is written: a flag, or a word of another program.
    ///   - words: The words that there are.
    /// - Returns: One of them; `nil` when nothing is known.
    static func word(_ text: String, among words: [String]) -> String? {
        let meant: [String] =
            switch text.lowercased() {
            case "true", "yes", "on": ["on", "unmap"]
            case "false", "no", "off": ["off", "ignore"]
            case "tcp", "ip": ["inet"]
            case "native": ["io_uring"]
            default: []
            }
        return meant.first { words.contains($0) }
    }

    /// Help about a value of another type than its option's.
    ///
    /// - Parameters:
    ///   - value: What is written; empty for a mapping or a list.
    ///   - kind: The option's type.
    ///   - key: The option's key.
    /// - Returns: Sentences; none when nothing can be said.
    static func help(value: String, for kind: OptionKind, key: String) -> [String] {
        if value.contains("${") || value.contains("$(") {
            return ["variables are not filled in here: write the value itself"]
        }
        switch kind {
        case .mapping(let options):
            if options.contains(where: { $0.key == "no-flush" }), let mode = cacheModes[value] {
                return ["write \(mode)"]
            }
            let required = options.filter(\.isRequired)
            let fields = (required.isEmpty ? options : required).map { field($0) }
            if options.isEmpty { return [] }
            return required.isEmpty
                ? ["write the fields that are wished of {\(fields.joined(separator: ", "))}"]
                : ["at least \(key): {\(fields.joined(separator: ", "))}"]
        case .variant(let word, let cases):
            return cases.map { shape in
                let fields = shape.options.filter(\.isRequired).map { ", " + field($0) }.joined()
                return "such as \(key): {\(word): \(shape.word)\(fields)}"
            }
        case .reference(let kind) where value.isEmpty:
            return ["declare it under \(kind.section), and write its name here"]
        case .oneOrMore(let element): return help(value: value, for: element, key: key)
        case .list:
            return value.hasPrefix("-")
                ? ["a dash and a space begin each of a list: - VALUE"] : []
        default: return hasForeignQuotes(value) ? [quotes] : []
        }
    }

    private static func field(_ option: OptionSpecification) -> String {
        if case .size = option.kind { return "\(option.key): 20GiB" }
        return "\(option.key): ..."
    }

    /// What QEMU's words for a cache mean in options of a node; writing through is asked for by the
    /// client with each request.
    private static let cacheModes = [
        "writeback": "cache: {direct: false, no-flush: false}, which is the default",
        "none": "cache: {direct: true}",
        "off": "cache: {direct: true}",
        "unsafe": "cache: {no-flush: true}",
        "writethrough": "cache: {direct: false}; clients ask for durable writes one by one (FUA)",
        "directsync": "cache: {direct: true}; clients ask for durable writes one by one (FUA)",
    ]
}
