extension GraphDescription {
    /// What a graph is called by: equal graphs have equal digests, whatever their files look like.
    ///
    /// It is the digest of the graph's JSON on one line, written piece by piece. Former names and
    /// slots that are said to be empty are no part of it: once a rename is done they mean nothing.
    package var digest: String {
        var text = DigestText()
        text.put("{\"format\":")
        text.put(quoted: Self.formatName)
        text.put(",\"iothreads\":{")
        text.section(ioThreads) { $0.options(of: $1.options) }
        text.put("},\"throttle-groups\":{")
        text.section(throttleGroups) { $0.options(of: $1.limits) }
        text.put("},\"listeners\":{")
        text.section(listeners) { $0.options(of: $1.options) }
        text.put("},\"nodes\":{")
        text.section(nodes) { $0.put($1) }
        text.put("},\"exports\":{")
        text.section(exports) { $0.put($1) }
        text.put("}}")
        return text.finish()
    }
}

/// Text on its way into a digest.
private struct DigestText {
    /// Bytes that are collected before they are digested.
    private static let chunkBytes = 1 << 16

    private var digest = Digest()
    private var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(2 * Self.chunkBytes) }

    consuming func finish() -> String {
        digest.add(bytes)
        return digest.finish()
    }

    mutating func put(_ text: String) { bytes += text.utf8 }

    mutating func put(quoted text: String) { JSONValue.put(text, to: &bytes) }

    /// The members of a section, in the order of their names.
    mutating func section<Value>(
        _ values: [String: Value],
        _ body: (inout DigestText, Value) -> Void
    ) {
        var isFirst = true
        for name in values.keys.sorted() {
            guard let value = values[name] else { continue }
            put(isFirst ? "" : ",")
            put(quoted: name)
            put(":")
            body(&self, value)
            isFirst = false
            guard bytes.count > Self.chunkBytes else { continue }
            digest.add(bytes)
            bytes.removeAll(keepingCapacity: true)
        }
    }

    mutating func options(of options: Options) {
        put("{\"options\":")
        put(options)
        put("}")
    }

    mutating func put(_ node: NodeDescription) {
        put("{\"driver\":")
        put(quoted: node.driver)
        put(",\"options\":")
        put(node.options)
        put(",\"children\":[")
        for (place, child) in node.children.enumerated() {
            put(place == 0 ? "{\"edge\":" : ",{\"edge\":")
            put(quoted: child.edge)
            put(",\"node\":")
            put(quoted: child.node)
            put("}")
        }
        put("]}")
    }

    mutating func put(_ export: ExportDescription) {
        put("{\"type\":")
        put(quoted: export.type)
        put(",\"node\":")
        put(quoted: export.node)
        put(",\"listener\":")
        put(quoted: export.listener)
        put(",\"options\":")
        put(export.options)
        put("}")
    }

    private mutating func put(_ options: Options) {
        put("{")
        for (place, entry) in options.entries.enumerated() {
            if place > 0 { put(",") }
            put(quoted: entry.key)
            put(":")
            put(entry.value)
        }
        put("}")
    }

    private mutating func put(_ value: OptionValue) {
        switch value {
        case .text(let text): put(quoted: text)
        case .flag(let flag): put(flag ? "true" : "false")
        case .integer(let number): put(String(number))
        case .mapping(let options): put(options)
        case .fraction, .list: bytes += value.json.compactBytes
        }
    }
}
