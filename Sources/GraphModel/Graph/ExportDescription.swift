/// An export as a value: which node is served, where, and how.
///
/// Copies share what they say until one of them is changed, as those of a node do.
package struct ExportDescription: Sendable {
    /// What an export says.
    // Not checked: it is changed only by a description that holds it alone.
    private final class Contents: @unchecked Sendable {
        var name: String
        var type: String
        var node: String
        var listener: String
        var options: Options

        init(_ name: String, _ type: String, _ node: String, _ listener: String, _ options: Options)
        {
            self.name = name
            self.type = type
            self.node = node
            self.listener = listener
            self.options = options
        }

        convenience init(copying other: Contents) {
            self.init(other.name, other.type, other.node, other.listener, other.options)
        }
    }

    private var contents: Contents

    /// Makes an export.
    package init(name: String, type: String, node: String, listener: String, options: Options) {
        contents = Contents(name, type, node, listener, options)
    }

    /// Unique key in the configuration.
    package var name: String {
        get { contents.name }
        set { owned().name = newValue }
    }

    /// Export type, such as `nbd`.
    package var type: String {
        get { contents.type }
        set { owned().type = newValue }
    }

    /// Name of the node that is served.
    package var node: String {
        get { contents.node }
        set { owned().node = newValue }
    }

    /// Name of the listener; effective, filled in when there is only one.
    package var listener: String {
        get { contents.listener }
        set { owned().listener = newValue }
    }

    /// Effective options: `name` (what clients ask for), `writable`, `description`, `iothread`
    /// (a text, or a list of texts), `share` (list of texts), `max-connections`, `on-remove`,
    /// `protect`.
    package var options: Options {
        get { contents.options }
        set { owned().options = newValue }
    }

    /// Whether clients may write.
    package var isWritable: Bool { options.flag("writable") ?? false }

    /// Names of the I/O threads that serve it, sorted; empty when none is named.
    package var ioThreads: [String] {
        switch options["iothread"] {
        case .text(let name): [name]
        case .list(let names):
            names.compactMap { if case .text(let name) = $0 { name } else { nil } }.sorted()
        default: []
        }
    }

    /// Names of the I/O threads that serve it, whether they are named or not; sorted.
    package var servingThreads: [String] {
        let named = ioThreads
        return named.isEmpty ? [GraphPlacement.defaultThread] : named
    }

    /// The name that clients ask for.
    package var publicName: String { options.text("name") ?? name }

    /// What this description alone holds.
    private mutating func owned() -> Contents {
        if !isKnownUniquelyReferenced(&contents) { contents = Contents(copying: contents) }
        return contents
    }
}

extension ExportDescription: Hashable {
    /// Whether two exports say the same; free when one is a copy of the other.
    package static func == (left: ExportDescription, right: ExportDescription) -> Bool {
        let (one, other) = (left.contents, right.contents)
        if one === other { return true }
        return one.name == other.name && one.type == other.type && one.node == other.node
            && one.listener == other.listener && one.options == other.options
    }

    /// Hashes what an export says.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(contents.name)
        hasher.combine(contents.type)
        hasher.combine(contents.node)
        hasher.combine(contents.listener)
        hasher.combine(contents.options)
    }
}
