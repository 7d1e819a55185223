internal import GraphModel

/// What outlives the daemon: the last committed graph, older ones, and the journal.
package struct StateStore: Sendable {
    private static let candidate = "candidate.json"

    let directory: StateDirectory
    private var journal: Journal
    private var files: GenerationFiles
    /// The last committed generation; `nil` before the first, or when it cannot be read.
    package private(set) var committed: GenerationRecord?
    /// Sentences about what was found damaged at start.
    package private(set) var findings: [String] = []

    /// Reads a state directory: a commit that was not finished is completed, an intent without a
    /// commit is discarded.
    package init(path: String) throws(StateError) {
        directory = try StateDirectory(path: path)
        files = try GenerationFiles(directory: directory)
        journal = try Journal(directory: directory)
        if journal.isDamaged {
            findings.append(
                "the journal in \(path) was damaged; it is kept as journal.damaged, and the last "
                    + "generation that can be read is used; after a restart this is forgotten"
            )
        }
        try completeCommit()
        committed = latestReadable()
        directory.remove(Self.candidate)
    }

    /// Number of the last generation that was committed; 0 before the first.
    package var lastGeneration: UInt64 {
        max(journal.committed?.generation ?? 0, committed?.generation ?? 0)
    }

    /// The change that awaits a confirmation.
    package var pendingConfirmation: PendingConfirmation? {
        journal.armed.flatMap { PendingConfirmation(record: $0) }
    }

    /// Writes the generation that is about to be tried.
    package mutating func prepare(_ record: GenerationRecord) throws(StateError) {
        try directory.replace(Self.candidate, with: files.encode(record).bytes)
    }

    /// Says that everything is prepared and the switch comes next.
    package mutating func intend(_ record: GenerationRecord) throws(StateError) {
        try journal.append(
            Journal.Record(kind: .intent, generation: record.generation, digest: record.digest)
        )
    }

    /// Says that the switch is made now, whatever happens to the daemon.
    package mutating func seal(
        _ record: GenerationRecord,
        arming pending: PendingConfirmation? = nil
    ) throws(StateError) {
        let line = Journal.Record(
            kind: .committed,
            generation: record.generation,
            digest: record.digest
        )
        if let pending {
            try journal.append(pending.record, line)
        } else {
            try journal.append(line)
        }
        committed = record
    }

    /// Keeps the generation that was switched to, with its receipt.
    package mutating func keep(_ record: GenerationRecord) throws(StateError) {
        committed = record
        try files.keep(record)
        directory.remove(Self.candidate)
    }

    /// Says that nothing is awaited any more.
    package mutating func settle(
        _ pending: PendingConfirmation,
        isKept: Bool
    ) throws(StateError) {
        try journal.append(
            Journal.Record(
                kind: isKept ? .kept : .expired,
                generation: pending.generation,
                digest: pending.digest
            )
        )
    }

    /// Forgets the generation that was tried in vain.
    package func discard() { directory.remove(Self.candidate) }

    /// A generation that was kept; `nil` when it was not, or cannot be read.
    package mutating func generation(_ number: UInt64) throws(StateError) -> GenerationRecord? {
        try files.read(number)
    }

    /// Generations that can be read, the newest first.
    package mutating func generations(countMax: Int) -> [GenerationRecord] {
        guard lastGeneration > 0 else { return [] }
        var found: [GenerationRecord] = []
        let count = min(UInt64(clamping: countMax), GenerationFiles.countMax)
        for number in (1...lastGeneration).reversed().prefix(Int(count)) {
            // What is damaged is missing in the list.
            if let record = (try? generation(number)) ?? nil { found.append(record) }
        }
        return found
    }

    /// A crash between the commit's line and its file leaves the file as the candidate.
    private mutating func completeCommit() throws(StateError) {
        guard let last = journal.committed, let bytes = try directory.read(Self.candidate),
            let (record, base) = try files.decode(bytes), record.generation == last.generation,
            record.digest == last.digest
        else { return }
        let encoded = GenerationFiles.Encoded(bytes: bytes, base: base)
        try files.put(encoded, generation: last.generation)
    }

    /// The committed generation, or else the newest before it whose contents are what they were.
    private mutating func latestReadable() -> GenerationRecord? {
        guard let last = journal.committed else { return nil }
        let oldest = last.generation - min(last.generation, GenerationFiles.countMax)
        for number in (oldest...last.generation).reversed() where number > 0 {
            // A file that cannot be read is as good as a damaged one: the next older one is tried.
            guard let record = (try? generation(number)) ?? nil, record.isIntact else { continue }
            if number != last.generation {
                findings.append(
                    "generation \(last.generation) cannot be read in \(directory.path); "
                        + "generation \(number) is used instead"
                )
            }
            return record
        }
        findings.append("no committed generation can be read in \(directory.path)")
        return nil
    }
}
