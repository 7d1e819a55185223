import GraphModel

/// What people write who know other programs, or who have not seen this one, and what to say then.
enum Habits {
    /// Most drivers that are named.
    private static let driversMax = 4

    /// Help about a key that means nothing where it stands.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - kind: The object that it stands in.
    ///   - slots: Names of the object's children.
    /// - Returns: Sentences; none when nothing is known about the key.
    static func help(key: String, in kind: ObjectKind, slots: [String]) -> [String] {
        if ["node-name", "id", "name"].contains(key) {
            switch kind {
            case .node: return ["a node is named by its key under nodes"]
            case .export: return ["the node that is exported is named by node"]
            case .ioThread, .throttleGroup, .listener:
                return ["\(kind.titleWithArticle) is named by its key under \(kind.section)"]
            }
        }
        if kind == .export, key == "read-only" || key == "readonly" {
            return ["an export that may only be read has writable: false, which is the default"]
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
        "path": "filename", "device": "filename", "filename": "file", "image": "file",
        "file": "image", "group": "throttle-group", "threshold": "vote-threshold",
        "addr": "address",
    ]

    /// The field that is meant with a name that it has elsewhere.
    ///
    /// - Parameters:
    ///   - key: The name elsewhere.
    ///   - known: Names of the fields here.
    /// - Returns: The name here; `nil` when there is none.
    static func synonym(of key: String, among known: [String]) -> String? {
        synonyms[key].flatMap { known.contains($0) ? $0 : nil }
    }

    /// The word for a flag where there are more than two words.
    ///
    /// - Parameters:
    ///   - text: What is written.
    ///   - words: The words that there are.
    /// - Returns: `on` or `off`; `nil` when that is no choice, or no flag was written.
    static func flagWord(_ text: String, among words: [String]) -> String? {
        let word = ["true": "on", "yes": "on", "false": "off", "no": "off"][text.lowercased()]
        return word.flatMap { words.contains($0) ? $0 : nil }
    }

    /// Help about a text that stands where a mapping has to.
    static func help(notMapping text: String) -> [String] {
        text.contains(":") && !text.contains(": ")
            ? ["a key needs a colon and a space after it: key: value"] : []
    }

    /// Help about a value of another type than its option's.
    ///
    /// - Parameters:
    ///   - value: What is written; empty for a mapping or a list.
    ///   - kind: The option's type.
    /// - Returns: Sentences; none when nothing can be said.
    static func help(value: String, for kind: OptionKind) -> [String] {
        switch kind {
        case .mapping(let options):
            if options.contains(where: { $0.key == "no-flush" }), let mode = cacheModes[value] {
                return ["write \(mode)"]
            }
            let fields = options.map { "\($0.key): ..." }.joined(separator: ", ")
            return options.isEmpty ? [] : ["write the fields that are wished of {\(fields)}"]
        default: return []
        }
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

    /// Help about a name that no object has.
    static func help(name: String, wanted kind: ObjectKind, at path: String) -> [String] {
        guard kind == .node else { return [] }
        if name.isEmpty { return ["write the name of a node; where none is allowed, null is none"] }
        if ["false", "none", "off", "no"].contains(name.lowercased()) {
            return ["where no node is allowed, null is none"]
        }
        guard name.contains("/") || name.contains(".") else { return [] }
        let child = path == "node" || path.isEmpty ? "" : "\(path): "
        return child.isEmpty
            ? ["a file is opened by a node: under nodes, disk: {driver: file, filename: \(name)}"]
            : ["to open a file of this name: \(child){driver: file, filename: \(name)}"]
    }
}
