import GraphModel

/// What a picture says about an object, in as few words as will do.
enum PictureWords {
    /// Longest text of one detail, in scalars; the rest shows where somebody looks closer.
    private static let textMax = 34

    /// What matters about an export.
    static func details(of export: ExportDescription) -> [String] {
        var words = [export.isWritable ? "writable" : "read-only"]
        if export.publicName != export.name { words.append("as \"\(short(export.publicName))\"") }
        if !export.listener.isEmpty { words.append("on \(short(export.listener))") }
        let threads = export.ioThreads
        if !threads.isEmpty {
            words.append(
                (threads.count == 1 ? "thread " : "threads ")
                    + short(threads.joined(separator: ", "))
            )
        }
        return words
    }

    /// What matters about a node.
    static func details(of node: NodeDescription) -> [String] {
        var words: [String] = []
        if let path = node.options.text("filename") { words.append(shortPath(path)) }
        if let group = node.options.text("throttle-group") { words.append("group \(short(group))") }
        if let server = node.options.mapping("server") { words.append(place(of: server)) }
        let size =
            node.options.integer("size") ?? node.options.mapping("create")?.integer("size")
        if let size { words.append(OptionText.size(size)) }
        if node.isReadOnly { words.append("read-only") }
        if node.options.flag("protect") == true { words.append("protected") }
        return words
    }

    private static func place(of server: Options) -> String {
        if let path = server.text("path") { return shortPath(path) }
        return short("\(server.text("host") ?? ""):\(server.integer("port") ?? 0)")
    }

    /// Every option that has a value, as documents write it.
    static func options(_ options: Options, _ known: [OptionSpecification]) -> [String] {
        options.entries.map { entry in
            let kind = known.first { $0.key == entry.key }?.kind ?? .text
            return "\(entry.key): \(OptionText.text(of: entry.value, kind: kind))"
        }
    }

    /// What a plan changes about an object; edges are left to their lines.
    static func notes(of action: ObjectAction?, driver: DriverSpecification?) -> [String] {
        guard let action, let (kind, name) = ObjectKind.split(action.object) else { return [] }
        var notes: [String] = []
        if let previous = action.previous, let (_, former) = ObjectKind.split(previous),
            former != name
        {
            notes.append("was \(short(former))")
        }
        for field in action.fields {
            if kind == .export, field.path == "node" { continue }
            if kind == .node, driver?.slots.contains(where: { $0.owns(edge: field.path) }) == true {
                continue
            }
            let option = option(at: field.path, in: Catalog.options(of: kind), driver)
            notes.append(
                "\(field.path) \(shown(field.before, option)) → \(shown(field.after, option))"
            )
        }
        return notes
    }

    private static func option(
        at path: String,
        in options: [OptionSpecification],
        _ driver: DriverSpecification?
    ) -> OptionKind? {
        var known = options + (driver?.options ?? [])
        var found: OptionKind?
        for key in path.split(separator: ".") {
            guard let kind = known.first(where: { $0.key == key })?.kind else { return nil }
            found = kind
            switch kind {
            case .mapping(let inner), .flagOrMapping(let inner): known = inner
            case .variant(_, let cases): known = cases.flatMap(\.options)
            default: known = []
            }
        }
        return found
    }

    private static func shown(_ value: JSONValue?, _ kind: OptionKind?) -> String {
        switch (value, kind) {
        case (nil, _), (.null, _): "none"
        case (.integer(let number)?, let kind?): OptionText.text(of: .integer(number), kind: kind)
        case (let value?, _): short(value.shownText)
        }
    }

    /// A text cut at its end.
    static func short(_ text: String) -> String {
        text.unicodeScalars.count <= textMax
            ? text : String(String.UnicodeScalarView(text.unicodeScalars.prefix(textMax - 1))) + "…"
    }

    /// A path cut at its start, where it says least.
    static func shortPath(_ path: String) -> String {
        let scalars = path.unicodeScalars
        guard scalars.count > textMax else { return path }
        let end = String(String.UnicodeScalarView(scalars.suffix(textMax - 1)))
        guard let slash = end.firstIndex(of: "/"), end.index(after: slash) < end.endIndex else {
            return "…" + end
        }
        return "…" + end[slash...]
    }
}
