/// What was meant and what was done, one line each, so that a crash in the middle can be told apart.
///
/// ```
/// intent 42 --[armed 42]--> committed 42      each on the disk before the next step
///     \--crash--> discarded at start
/// armed 42 --kept 42 | expired 42--> settled
/// ```
/// A line that was cut off by a crash is ignored; a damaged line before the last is reported.
package struct Journal: Sendable {
    /// One line.
    package struct Record: Hashable, Sendable {
        /// What a line says.
        package enum Kind: String, Hashable, Sendable {
            /// Everything is prepared; the switch comes next.
            case intent
            /// The switch is made as soon as this is on the disk.
            case committed
            /// The generation goes back by itself unless a person keeps it; void without a commit.
            case armed
            /// A person kept it.
            case kept
            /// Nobody kept it in time, or a person took it back.
            case expired
        }

        /// What it says.
        package let kind: Kind
        /// Generation that it is about.
        package let generation: UInt64
        /// Digest of that generation's normalised configuration.
        package let digest: String
        /// When and to what it goes back; without spaces, empty for the other kinds.
        package let detail: String

        /// Makes a record.
        package init(kind: Kind, generation: UInt64, digest: String, detail: String = "") {
            self.kind = kind
            self.generation = generation
            self.digest = digest
            self.detail = detail
        }

        private var text: String {
            "\(kind.rawValue) \(generation) \(digest)" + (detail.isEmpty ? "" : " \(detail)")
        }

        /// The line with its checksum and its end.
        var line: String { "\(text) \(checksum(text))\n" }

        /// Reads a line without its end; `nil` when it is damaged.
        init?(line: Substring) {
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count == 4 || words.count == 5, let kind = Kind(rawValue: String(words[0])),
                let generation = UInt64(words[1])
            else { return nil }
            self.init(
                kind: kind,
                generation: generation,
                digest: String(words[2]),
                detail: words.count == 5 ? String(words[3]) : ""
            )
            guard words[words.count - 1] == checksum(text) else { return nil }
        }
    }

    private static let name = "journal"
    /// A journal longer than this is rewritten with what still counts, in bytes.
    private static let lengthBytesMax = 1 << 20

    private let directory: StateDirectory
    private var lengthBytes: Int
    /// The last generation that was switched to.
    package private(set) var committed: Record?
    /// The line that armed the last generation, while nobody has settled it.
    package private(set) var armed: Record?
    /// A line that armed a generation which is not committed yet.
    private var candidate: Record?
    /// Whether a line before the last cannot be read.
    package let isDamaged: Bool

    /// Reads the journal of a state directory.
    package init(directory: StateDirectory) throws(StateError) {
        self.directory = directory
        let bytes = try directory.read(Self.name) ?? []
        let found = Self.parse(bytes)
        isDamaged = found.isDamaged
        lengthBytes = bytes.count
        for record in found.records { note(record) }
        candidate = nil
        if isDamaged {
            try directory.replace("journal.damaged", with: bytes)
            try compact()
        } else if bytes.last.map({ $0 != UInt8(ascii: "\n") }) == true {
            try compact()
        }
    }

    /// Writes lines; they are on the disk together when this returns.
    ///
    /// - Throws: ``StateError``; what was written of them is taken back as far as the disk lets us.
    package mutating func append(_ records: Record...) throws(StateError) {
        let lines = Array(records.map(\.line).joined().utf8)
        do throws(StateError) {
            try directory.append(Self.name, lines)
        } catch {
            // A line that reached the disk and was reported as failed must not count at a restart.
            do throws(StateError) { try compact() } catch {}
            throw error
        }
        lengthBytes += lines.count
        for record in records { note(record) }
        if records.contains(where: { $0.kind != .intent }), lengthBytes > Self.lengthBytesMax {
            try compact()
        }
    }

    private mutating func note(_ record: Record) {
        switch record.kind {
        case .intent: candidate = nil
        case .armed: candidate = record
        case .committed:
            committed = record
            armed = candidate?.generation == record.generation ? candidate : nil
            candidate = nil
        case .kept, .expired: if armed?.generation == record.generation { armed = nil }
        }
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
        let bytes = Array(((armed?.line ?? "") + (committed?.line ?? "")).utf8)
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
