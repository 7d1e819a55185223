import GraphModel

/// All values of one file in the order in which they stand: an array of cells, and one of texts.
///
/// A collection's cell is followed by those of what it holds, a mapping's by keys and values in
/// turns. A value is therefore a number, reading allocates nothing for each value, and an alias
/// stands for what it names without a copy.
struct DocumentTape: Sendable {
    /// The number of a value.
    typealias Value = Int32

    /// What stands at a cell.
    enum Kind: UInt8, Sendable {
        /// A scalar without quotes.
        case plain
        /// A scalar in quotes, a block, or one with a tag that says text.
        case quoted
        case sequence, mapping, alias
    }

    struct Cell: Sendable {
        let place: SourcePlace
        /// The word of a key.
        var word: WordTable.Word = dropped
        /// Where a scalar's text begins; what an alias stands for.
        var start: Int32 = 0
        /// A scalar's bytes; a collection's cells, its own included.
        var count: Int32 = 0
        let kind: Kind
        /// Whether a mapping has a merge key.
        var isMerging = false
    }

    /// The word of a key that is left out, since its mapping has it already.
    static let dropped: WordTable.Word = -1

    /// Whether a text that begins so may say nothing: `~`, `null`.
    private static func startsNull(_ byte: UInt8) -> Bool {
        byte == 0x7E || byte | 0x20 == 0x6E
    }

    /// Cells in the order of the text.
    var cells: [Cell] = []
    /// Texts of scalars, one after the other.
    var texts: [UInt8] = []
    /// The root of each document.
    var roots: [Value] = []

    /// What a value is when it is no alias, or what the alias stands for.
    func target(_ value: Value) -> Value {
        let cell = cells[Int(value)]
        return cell.kind == .alias ? cell.start : value
    }

    /// What stands there, aliases followed.
    func kind(_ value: Value) -> Kind { cells[Int(target(value))].kind }

    /// Whether it is a scalar, aliases followed.
    func isScalar(_ value: Value) -> Bool {
        let kind = kind(value)
        return kind == .plain || kind == .quoted
    }

    /// A scalar's text.
    func text(_ value: Value) -> String {
        String(decoding: bytes(value), as: UTF8.self)
    }

    /// A scalar's text as bytes.
    func bytes(_ value: Value) -> ArraySlice<UInt8> {
        let cell = cells[Int(target(value))]
        return texts[Int(cell.start)..<Int(cell.start + cell.count)]
    }

    /// Whether it says nothing, or `null`.
    func isNull(_ value: Value) -> Bool {
        let cell = cells[Int(target(value))]
        guard cell.kind == .plain, cell.count <= 4 else { return false }
        // Nearly all short texts are told from it by their first letter.
        guard cell.count == 0 || Self.startsNull(texts[Int(cell.start)]) else {
            return false
        }
        switch text(value) {
        case "", "~", "null", "Null", "NULL": return true
        default: return false
        }
    }

    /// The value that stands behind another one and what it holds.
    func next(_ value: Value) -> Value {
        let cell = cells[Int(value)]
        return cell.kind == .sequence || cell.kind == .mapping ? value + cell.count : value + 1
    }

    /// Values of a sequence.
    func elements(_ value: Value) -> [Value] {
        let start = target(value)
        let end = next(start)
        var found: [Value] = []
        var element = start + 1
        while element < end {
            found.append(element)
            element = next(element)
        }
        return found
    }
}

/// One named value of a mapping.
struct DocumentEntry {
    /// The key.
    let word: WordTable.Word
    /// The key's cell.
    let key: DocumentTape.Value
    /// What it names.
    let value: DocumentTape.Value
    /// The alias by which a merge key brought it here.
    var origin: DocumentTape.Value?
}

/// A way through the entries of a mapping.
struct EntryCursor {
    /// The next key of a mapping that merges nothing.
    fileprivate var key: DocumentTape.Value
    fileprivate let end: DocumentTape.Value
    /// All entries of a mapping that merges others, and how many were passed.
    fileprivate var listed: [DocumentEntry]?
    fileprivate var passed = 0

    /// The way through nothing.
    static let empty = EntryCursor(key: 0, end: 0)
}

extension DocumentTape {
    /// The way through a mapping; faults of its merge keys are added.
    func cursor(_ value: Value, _ faults: inout [MergeFault]) -> EntryCursor {
        let start = target(value)
        let isMerging = cells[Int(start)].isMerging
        return EntryCursor(
            key: start + 1,
            end: next(start),
            listed: isMerging ? entries(value, &faults) : nil
        )
    }

    /// The next entry, in the order of the text; merged ones come last.
    func next(_ cursor: inout EntryCursor) -> DocumentEntry? {
        if let listed = cursor.listed {
            guard cursor.passed < listed.count else { return nil }
            cursor.passed += 1
            return listed[cursor.passed - 1]
        }
        while cursor.key < cursor.end {
            let key = cursor.key
            let word = cells[Int(key)].word
            cursor.key = next(key + 1)
            if word != Self.dropped { return DocumentEntry(word: word, key: key, value: key + 1) }
        }
        return nil
    }
}
