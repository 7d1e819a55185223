package import GraphModel

/// A place in one file, small enough to stand beside every value.
package struct Place: Hashable, Sendable {
    /// Line, from 1.
    package let line: UInt32
    /// Column in Unicode scalars, from 1.
    package let column: UInt32
    /// Length of the token in Unicode scalars.
    package let length: UInt32

    init(line: Int, column: Int, length: Int) {
        self.line = UInt32(clamping: line)
        self.column = UInt32(clamping: column)
        self.length = UInt32(clamping: length)
    }

    /// The place with its file.
    package func mark(in file: String) -> SourceMark {
        SourceMark(file: file, line: Int(line), column: Int(column), length: Int(length))
    }
}

/// What a document says at one place, not yet typed: the schema decides what a scalar means.
package struct DocumentValue: Sendable {
    /// The shapes that YAML has.
    package indirect enum Content: Sendable {
        /// Text as written; plain is without quotes and not a block.
        case scalar(text: String, isPlain: Bool)
        /// Values in order.
        case sequence([DocumentValue])
        /// Named values in order, merge keys resolved, without duplicates.
        case mapping([DocumentEntry])
    }

    /// Shape and contents.
    package let content: Content
    /// Where it stands; for an alias, where the anchored value stands.
    package let place: Place
    /// Where the alias stands by which it came here.
    package var alias: Place?

    /// Whether it says nothing, or `null`.
    package var isNull: Bool {
        guard case .scalar(let text, true) = content else { return false }
        return text.isEmpty || text == "~" || text == "null" || text == "Null" || text == "NULL"
    }
}

/// One named value of a mapping.
package struct DocumentEntry: Sendable {
    /// The key's text.
    package let key: String
    /// Where the key stands.
    package let keyPlace: Place
    /// What it names.
    package let value: DocumentValue
}

/// One YAML document: its root value and its file.
package struct Document: Sendable {
    /// Path of the file as the user named it.
    package let file: String
    /// The root.
    package let root: DocumentValue
}
