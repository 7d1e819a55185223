/// An export as a value: which node is served, where, and how.
package struct ExportDescription: Hashable, Sendable {
    /// Unique key in the configuration.
    package var name: String
    /// Export type, such as `nbd`.
    package var type: String
    /// Name of the node that is served.
    package var node: String
    /// Name of the listener; effective, filled in when there is only one.
    package var listener: String
    /// Effective options: `name` (what clients ask for), `writable`, `description`, `iothread`
    /// (a text, or a list of texts), `share` (list of texts), `max-connections`, `on-remove`,
    /// `protect`.
    package var options: Options

    /// Makes an export.
    package init(name: String, type: String, node: String, listener: String, options: Options) {
        self.name = name
        self.type = type
        self.node = node
        self.listener = listener
        self.options = options
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
}
