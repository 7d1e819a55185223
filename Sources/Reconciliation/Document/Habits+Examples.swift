import GraphModel

/// Lines to write in place of what was written.
extension Habits {
    /// A field that belongs inside of an option.
    struct InnerField {
        /// The option's key.
        let option: String
        /// What to write.
        let help: String
    }

    /// What to do about quotes of a page.
    static let quotes = "quotes are \" and ': those of a page are other characters"

    /// Whether a text begins with a quote that is none to YAML.
    static func hasForeignQuotes(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first else { return false }
        return (0x2018...0x201F).contains(first.value)
    }

    /// The shortest object of a kind.
    static func example(of kind: ObjectKind, name: String) -> String {
        switch kind {
        case .node: "\(name): {driver: file, filename: PATH}"
        case .export: "\(name): {type: nbd, node: NODE}"
        case .listener: "\(name): {type: nbd, address: \"unix:PATH\"}"
        case .throttleGroup: "\(name): {iops-total: 1000}"
        case .ioThread: "\(name): {}"
        }
    }

    /// Help about a text that stands where an object has to.
    static func help(notMapping text: String, _ kind: ObjectKind, name: String) -> [String] {
        if text.contains(":"), !text.contains(": ") {
            return ["a key needs a colon and a space after it: key: value"]
        }
        if text.contains("=") {
            return ["a key needs a colon and a space after it, not =: key: value"]
        }
        switch kind {
        case .node where Catalog.driver(text) != nil:
            return ["write the driver as a field: \(name): {driver: \(text)}"]
        case .node where text.contains("/") || text.contains("."):
            return ["to open a file: \(name): {driver: file, filename: \(text)}"]
        case .export where ObjectName.fault(in: text) == nil:
            return ["write the node as a field: \(name): {type: nbd, node: \(text)}"]
        case .listener where text.hasPrefix("unix:") || text.hasPrefix("tcp:"):
            return ["write the address as a field: \(name): {type: nbd, address: \"\(text)\"}"]
        default: return ["such as " + example(of: kind, name: name)]
        }
    }

    /// What to write for an option that is missing.
    static func help(missing option: OptionSpecification) -> [String] {
        if case .reference(let kind) = option.kind {
            return ["write the name of \(kind.titleWithArticle) that stands under \(kind.section)"]
        }
        if case .choice(let words) = option.kind, words.count == 1 {
            return ["write \(option.key): \(words[0])"]
        }
        if case .variant = option.kind { return help(value: "", for: option.kind, key: option.key) }
        return option.summary.isEmpty ? [] : ["\(option.key): \(option.summary)"]
    }

    /// The option inside of which a field belongs that stands beside it; `nil` when there is none.
    static func innerField(
        _ key: String,
        value: String,
        among options: [OptionSpecification]
    ) -> InnerField? {
        let text = value.isEmpty ? "..." : value
        for option in options {
            var sample: String?
            switch option.kind {
            case .mapping(let inner), .flagOrMapping(let inner):
                if inner.contains(where: { $0.key == key }) { sample = "{\(key): \(text)}" }
            case .variant(let word, let cases):
                let shape = cases.first { $0.options.contains { $0.key == key } }
                let others = shape?.options.filter { $0.isRequired && $0.key != key } ?? []
                sample = shape.map { shape in
                    "{\(word): \(shape.word)" + others.map { ", \($0.key): ..." }.joined()
                        + ", \(key): \(text)}"
                }
            default: break
            }
            guard let sample else { continue }
            return InnerField(
                option: option.key,
                help: "\(key) stands inside of \(option.key): \(option.key): \(sample)"
            )
        }
        return nil
    }

    /// The only option that has to be there.
    static func onlyRequired(of options: [OptionSpecification]) -> OptionSpecification? {
        let required = options.filter(\.isRequired)
        return required.count == 1 ? required.first : nil
    }

    /// The name that is meant with one that no object can have.
    static func meant(name: String) -> [String] {
        var meant = ""
        for scalar in name.unicodeScalars {
            let isGood =
                scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                || "-_.".unicodeScalars.contains(scalar)
            if isGood {
                meant.unicodeScalars.append(scalar)
            } else if !meant.isEmpty, meant.last != "-" {
                meant.append("-")
            }
        }
        while meant.last == "-" { meant.removeLast() }
        return meant == name || ObjectName.fault(in: meant) != nil ? [] : [meant]
    }

    /// Help about a name that no object has, from the names that there are.
    static func help(
        of kind: ObjectKind,
        known: [String],
        closest: [String],
        _ name: String
    ) -> [String] {
        guard known.isEmpty else {
            guard closest.isEmpty, known.count <= namesMax, !known.contains(name) else { return [] }
            return ["declared: " + known.sorted().joined(separator: ", ")]
        }
        let none = "there is no \(kind.title) in this configuration"
        guard kind != .node, ObjectName.fault(in: name) == nil else { return [none] }
        return [none, "declare it: \(kind.section): {\(example(of: kind, name: name))}"]
    }

    /// Help about a name of a node that is none.
    ///
    /// - Parameters:
    ///   - name: The name.
    ///   - kind: What it should name.
    ///   - path: The option or slot where it stands.
    ///   - driver: The driver of the node that refers to it, when a node does.
    /// - Returns: Sentences; none when nothing is known about such a name.
    static func help(
        name: String,
        wanted kind: ObjectKind,
        at path: String,
        below driver: String?
    ) -> [String] {
        guard kind == .node else { return [] }
        if name.isEmpty { return ["write the name of a node; where none is allowed, null is none"] }
        if ["false", "none", "off", "no"].contains(name.lowercased()) {
            return ["where no node is allowed, null is none"]
        }
        guard name.contains("/") || name.contains(".") else { return [] }
        let file = "{driver: file, filename: \(name)}"
        // What a format says of itself is in its file; everything else wants what is inside.
        let isImage = name.hasSuffix(".qcow2") && !(driver == "qcow2" && path != "backing")
        let node = isImage ? "{driver: qcow2, file: \(file), backing: null}" : file
        return path == "node" || path.isEmpty
            ? ["a file is opened by a node: under nodes, disk: \(node)"]
            : ["to open a file of this name: \(path): \(node)"]
    }
}
