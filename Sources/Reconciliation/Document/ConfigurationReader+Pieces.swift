import GraphModel

// Large files, entry by entry: what was read is dropped, so that it stays in the processor's caches.
extension ConfigurationReader {
    /// A reader with room for what files will declare.
    init(
        expecting texts: [ConfigurationText],
        _ limits: DocumentLimits,
        _ baseDirectory: String?
    ) {
        self.init(limits: limits, baseDirectory: baseDirectory)
        expect(bytes: texts.reduce(0) { $0 + $1.bytes.count })
    }

    /// Reads whole files.
    mutating func read(_ texts: [ConfigurationText]) {
        for text in texts { read(text) }
    }

    /// Reads files, large ones of them entry by entry.
    ///
    /// That is a hope: it ends at the first finding and at the first anchor, since what they need may
    /// have been dropped.
    ///
    /// - Returns: Whether all was read; if not, nothing of it counts, and a new reader is needed.
    mutating func readPiecewise(_ texts: [ConfigurationText]) -> Bool {
        for text in texts {
            if text.bytes.count >= limits.piecewiseBytesMin {
                guard readPiecewise(text) else { return false }
            } else {
                read(text)
                guard findings.count == 0 else { return false }
            }
        }
        return true
    }

    private mutating func readPiecewise(_ text: ConfigurationText) -> Bool {
        let limit = limits.fileBytesMax
        guard TextRules.faults(in: text.bytes, file: text.path, fileBytesMax: limit).isEmpty else {
            return false
        }
        file = text.path
        marks.begin(file: text.path)
        // The table goes to the parser and comes back, so that there is never a second one.
        var parser = DocumentParser(file: text.path, limits: limits, words: words)
        words = .none
        // A byte order mark is no text: libyaml would count it as a column.
        let start = text.bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        let isWhole = unsafe text.bytes.withUnsafeBufferPointer { buffer in
            var stream = unsafe EventStream(over: UnsafeBufferPointer(rebasing: buffer[start...]))
            return readEntries(of: &parser, &stream)
        }
        words = parser.words
        guard isWhole, parser.diagnostics.isEmpty, !parser.hasUnreadPart,
            !parser.tape.roots.isEmpty
        else { return false }
        tape = parser.tape
        readRoots()
        return findings.count == 0
    }

    /// Reads entries until there are no more.
    ///
    /// - Returns: Whether nothing was found.
    private mutating func readEntries(
        of parser: inout DocumentParser,
        _ stream: inout EventStream
    ) -> Bool {
        var section = DocumentTape.dropped
        var kind: ObjectKind?
        do throws(EventStream.Fault) {
            while let (word, entry) = try parser.readEntry(&stream) {
                swap(&words, &parser.words)
                if word != section {
                    section = word
                    kind = ObjectKind.allCases.first { $0.section == words.text(word) }
                }
                // Notes stay, as does what is no object: whether a key is there twice is seen later.
                let isObject = kind != nil && !isNote(entry.word)
                if let kind, isObject {
                    swap(&tape, &parser.tape)
                    readObject(kind, entry)
                    swap(&tape, &parser.tape)
                }
                swap(&words, &parser.words)
                guard findings.count == 0 else { return false }
                if isObject { parser.dropEntry() }
            }
        } catch {
            return false
        }
        return true
    }
}
