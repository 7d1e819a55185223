/// What was meant and what was done, one line each, so that a crash in the middle can be told apart.
///
/// ```
/// intent 42 --append--> committed 42      both on the disk before the next step
///     \--crash--> discarded at start
/// ```
/// A line that was cut off by a crash is ignored; a damaged line before the last is reported.
package struct Journal: Sendable {
    /// One line.
    package struct Record: Hashable, Sendable {
        /// What a line says.
        package enum Kind: String, Hashable, Sendable {
            /// Everything is prepared; the switch comes next.
            case intent
            /// The switch was made.
            case committed
        }

        /// What it says.
        package let kind: Kind
        /// Generation that it is about.
        package let generation: UInt64
        /// Digest of that generation's normalised configuration.
        package let digest: String

        /// Makes a record.
        package init(kind: Kind, generation: UInt64, digest: String) {
            self.kind = kind
            self.generation = generation
            self.digest = digest
        }

        private var text: String { "\(kind.rawValue) \(generation) \(digest)" }

        /// The line with its checksum and its end.
        var line: String { "\(text) \(checksum(text))\n" }

        /// Reads a line without its end; `nil` when it is damaged.
        init?(line: Substring) {
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count == 4, let kind = Kind(rawValue: String(words[0])),
                let generation = UInt64(words[1])
            else { return nil }
            self.init(kind: kind, generation: generation, digest: String(words[2]))
            guard words[3] == checksum(text) else { return nil }
        }
    }

    private static let name = "journal"
    /// A journal longer than this is rewritten with its last commit only, in bytes.
    private static let lengthBytesMax = 1 << 20

    private let directory: StateDirectory
    private var lengthBytes: Int
    /// The last generation that was switched to.
    package private(set) var committed: Record?
    /// Whether a line before the last cannot be read.
    package let isDamaged: Bool

    /// Reads the journal of a state directory.
    package init(directory: StateDirectory) throws(StateError) {
        self.directory = directory
        let bytes = try directory.read(Self.name) ?? []
        let found = Self.parse(bytes)
        committed = found.records.last { $0.kind == .committed }
        isDamaged = found.isDamaged
        lengthBytes = bytes.count
        if isDamaged {
            try directory.replace("journal.damaged", with: bytes)
            try compact()
        } else if bytes.last.map({ $0 != UInt8(ascii: "\n") }) == true {
            try compact()
        }
    }

    /// Writes a line; it is on the disk when this returns.
    package mutating func append(_ record: Record) throws(StateError) {
        let line = Array(record.line.utf8)
        try directory.append(Self.name, line)
        lengthBytes += line.count
        guard record.kind == .committed else { return }
        committed = record
        if lengthBytes > Self.lengthBytesMax { try compact() }
    }

    /// Records of a journal's bytes; a last line without an end is no damage but a crash.
    static func parse(_ bytes: [UInt8]) -> (records: [Record], isDamaged: Bool) {
        let text = String(decoding: bytes, as: UTF8.self)
        let end = text.lastIndex(of: "\n") ?? text.startIndex
        let lines = text[..<end].split(separator: "\n")
        let records = lines.compactMap { Record(line: $0) }
        return (records, records.count < lines.count)
    }

    private mutating func compact() throws(StateError) {
        let bytes = Array((committed?.line ?? "").utf8)
        try directory.replace(Self.name, with: bytes)
        lengthBytes = bytes.count
    }
}

/// FNV-1a of a text, to tell a damaged line from a whole one.
private func checksum(_ text: String) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return String(hash, radix: 16)
}
