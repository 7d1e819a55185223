internal import RingLoop

/// Which exports clients find at which address; any thread.
final class ExportDirectory: Sendable {
    /// What stands in the directory of an export.
    struct Entry: Sendable {
        let facts: NBDExportFacts
        let handler: NBDExport
        let clientCountMax: Int
    }

    /// Everything that clients can find.
    private struct Content: Sendable {
        /// Entries by export key.
        var entries: [String: Entry] = [:]
        /// Keys by name that clients ask for, by address.
        var names: [NBDAddress: [String: String]] = [:]
    }

    private let content = Locked(Content())

    /// An empty directory.
    init() {}

    /// Has clients find what a plan says, in one step.
    ///
    /// - Parameters:
    ///   - plan: The plan.
    ///   - changed: Handlers of exports that are not in it as before.
    ///   - gone: Keys of exports that are not in it any more.
    func change(to plan: NBDPlan, changed: [String: NBDExport], gone: [String]) {
        content.withLock { content in
            content.names = plan.names
            for key in gone { content.entries[key] = nil }
            for (key, handler) in changed {
                guard let export = plan.exports[key] else { continue }
                content.entries[key] = Entry(
                    facts: export.facts,
                    handler: handler,
                    clientCountMax: export.clientCountMax
                )
            }
        }
    }

    /// What clients of one address find.
    struct View: NBDCatalogue, Sendable {
        fileprivate let directory: ExportDirectory
        fileprivate let address: NBDAddress

        /// A view of a directory.
        init(directory: ExportDirectory, address: NBDAddress) {
            self.directory = directory
            self.address = address
        }

        func export(named name: String) -> NBDExportFacts? {
            directory.content.withLock { content in
                guard let names = content.names[address] else { return nil }
                let only = name.isEmpty && names.count == 1 ? names.first?.value : nil
                return (names[name] ?? only).flatMap { content.entries[$0]?.facts }
            }
        }

        var exports: [NBDExportFacts] {
            directory.content.withLock { content in
                let keys = (content.names[address] ?? [:]).sorted { $0.key < $1.key }
                return keys.compactMap { content.entries[$0.value]?.facts }
            }
        }

        func isFull(_ key: String) -> Bool {
            guard let entry = directory.content.withLock({ $0.entries[key] }) else { return true }
            return entry.handler.clientCount >= entry.clientCountMax
        }

        /// Who serves an export.
        func handler(_ key: String) -> NBDExport? {
            directory.content.withLock { $0.entries[key]?.handler }
        }
    }
}
