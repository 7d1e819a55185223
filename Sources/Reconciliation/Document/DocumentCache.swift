import GraphModel

/// Documents that were parsed before: of a thousand files only those that changed are parsed again.
package struct DocumentCache: Sendable {
    /// A file as it was parsed, with the bytes that it had.
    private struct Entry: Sendable {
        let bytes: [UInt8]
        let documents: ParsedDocuments
    }

    /// After so many configurations everything is parsed anew, so that words of files that are gone
    /// do not stay for ever.
    private static let usesMax = 1_000

    private var entries: [String: Entry] = [:]
    private var words = Vocabulary.table
    private var nodes: [String: NodeDescription] = [:]
    private var useCount = 0

    /// Nothing was parsed yet.
    package init() {}

    /// Reads texts; those with the bytes that they had are not parsed again.
    mutating func read(_ texts: [ConfigurationText], into reader: inout ConfigurationReader) {
        useCount += 1
        if useCount > Self.usesMax { self = DocumentCache() }
        // The table goes to the reader and comes back, so that there is never a second one.
        reader.words = words
        words = WordTable()
        reader.knownNodes = nodes
        var current: [String: Entry] = [:]
        current.reserveCapacity(texts.count)
        for text in texts {
            var documents = entries[text.path].flatMap { entry in
                entry.bytes == text.bytes ? entry.documents : nil
            }
            let parsed = documents ?? reader.parse(text)
            documents = nil
            current[text.path] = Entry(bytes: text.bytes, documents: parsed)
            reader.read(text, parsed)
        }
        entries = current
    }

    /// Takes the table of words back, when the reader needs it no more, and what it read.
    mutating func takeWords(from reader: inout ConfigurationReader) {
        words = reader.words
        reader.words = WordTable()
        nodes = reader.description.nodes
    }
}

/// What a file says, before anybody asks what it means.
struct ParsedDocuments: Sendable {
    /// Its values.
    let tape: DocumentTape
    /// What is wrong with the text.
    let diagnostics: [Diagnostic]
    /// Whether a part could not be read.
    let hasUnreadPart: Bool
}
