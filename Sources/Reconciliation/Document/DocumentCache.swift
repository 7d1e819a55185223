import GraphModel

/// What was read before: of a thousand files only those that changed are read again.
///
/// ```
/// graph = graph that was read last - objects of files that changed + what these say now
/// ```
/// When that has faults everything is read anew and in order, so that findings are always those of
/// a reader that knows nothing.
package struct DocumentCache: Sendable {
    /// A file as it was read, with the bytes that it had.
    private struct Entry: Sendable {
        let bytes: [UInt8]
        /// The objects that it declared.
        let declared: [NameRegister.Subject]
        /// What it said; `nil` when there was anything to tell about it.
        let fragment: DocumentFragment?
    }

    /// After so many configurations everything is read anew, so that words of files that are gone
    /// do not stay for ever.
    private static let usesMax = 1_000

    private var entries: [String: Entry] = [:]
    private var words = Vocabulary.table
    private var paths = Vocabulary.texts
    private var innerPaths: [ConfigurationReader.InnerPath: GraphMarks.Path] = [:]
    /// The graph that was read last.
    private var graph = GraphDescription()
    private var baseDirectory: String?
    private var useCount = 0

    /// Nothing was read yet.
    package init() {}

    /// Reads texts and checks what they refer to; those with the bytes that they had are not read
    /// again.
    ///
    /// What the reader knows is given back with ``take(from:)``.
    mutating func read(
        _ texts: [ConfigurationText],
        limits: DocumentLimits,
        baseDirectory: String?
    ) -> ConfigurationReader {
        useCount += 1
        if useCount > Self.usesMax || baseDirectory != self.baseDirectory {
            self = DocumentCache()
            self.baseDirectory = baseDirectory
        }
        if !entries.isEmpty {
            var reader = reader(of: texts, limits)
            if readChanges(of: texts, into: &reader) {
                reader.checkReferences()
                if !reader.findings.hasErrors {
                    reader.description.descend(from: graph, changing: reader.changed)
                    return reader
                }
            }
            takeWords(from: &reader)
        }
        var reader = reader(of: texts, limits)
        entries = [:]
        for text in texts { entries[text.path] = read(text, into: &reader) }
        reader.checkReferences()
        reader.description.descend(from: nil, changing: reader.changed)
        return reader
    }

    /// Takes back what a reader knows, when it is needed no more.
    mutating func take(from reader: inout ConfigurationReader) {
        takeWords(from: &reader)
        graph = reader.description
    }

    private mutating func takeWords(from reader: inout ConfigurationReader) {
        words = reader.words
        reader.words = .none
        paths = reader.marks.paths
        innerPaths = reader.innerPaths
    }

    private mutating func reader(
        of texts: [ConfigurationText],
        _ limits: DocumentLimits
    ) -> ConfigurationReader {
        var reader = ConfigurationReader(limits: limits, baseDirectory: baseDirectory)
        // The table goes to the reader and comes back, so that there is never a second one.
        reader.words = words
        words = .none
        reader.marks = GraphMarks(paths: paths)
        reader.innerPaths = innerPaths
        reader.knownNodes = graph.nodes
        return reader
    }

    /// Reads the files that are not as they were, and takes what the others said.
    ///
    /// - Returns: Whether that could be done without reading the others.
    private mutating func readChanges(
        of texts: [ConfigurationText],
        into reader: inout ConfigurationReader
    ) -> Bool {
        var stale = entries
        for text in texts {
            if let entry = stale[text.path], entry.fragment != nil, entry.bytes == text.bytes {
                stale[text.path] = nil
            }
        }
        reader.description = graph
        reader.knownListener = graph.listeners.count == 1 ? graph.listeners.keys.first : nil
        for entry in stale.values { reader.forget(entry.declared) }
        reader.expect(bytes: texts.reduce(0) { $0 + $1.bytes.count })
        var current: [String: Entry] = [:]
        current.reserveCapacity(texts.count)
        for text in texts {
            let known = stale[text.path] == nil ? entries[text.path] : nil
            if let known, let fragment = known.fragment {
                guard reader.take(fragment, of: text.path) else { return false }
                current[text.path] = known
            } else {
                let entry = read(text, into: &reader)
                reader.noteChange(of: entry.declared)
                current[text.path] = entry
            }
        }
        entries = current
        return true
    }

    private func read(
        _ text: ConfigurationText,
        into reader: inout ConfigurationReader
    ) -> Entry {
        let start = reader.progress
        reader.read(text)
        return Entry(
            bytes: text.bytes,
            declared: Array(reader.declared(since: start)),
            fragment: reader.fragment(since: start)
        )
    }
}
