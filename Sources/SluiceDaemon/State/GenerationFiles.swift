internal import GraphModel

/// The generations on the disk: whole graphs, and what others have otherwise than one of these.
///
/// ```
/// generations/00000042.json             a whole graph
/// generations/00000043-00000042.json    what generation 43 has otherwise than 42
/// ```
/// So a change of one disk among thousands writes down that disk. A whole graph is kept as long as
/// a generation that stands on it, and few stand on one, so that damage to a file is no great loss.
struct GenerationFiles: Sendable {
    /// Generations that are kept.
    static let countMax: UInt64 = 200
    /// Smallest graph that is not written whole each time, in objects.
    private static let objectsLeast = 1_000
    /// A graph that differs in more than one in so many objects is written whole.
    private static let shareLeast = 8
    /// Most generations that stand on one whole graph.
    private static let distanceMax: UInt64 = 32
    private static let folder = "generations"

    private let directory: StateDirectory
    /// Kept generations with the one that each stands on; `nil` for a whole graph.
    private var bases: [UInt64: UInt64?] = [:]
    /// The whole graph that was read or written last.
    private var whole: (generation: UInt64, graph: GraphDescription)?
    /// What was worked out last: what a generation has otherwise than the one that it stands on.
    private var known: Difference?

    private struct Difference {
        let generation: UInt64
        let digest: String
        let base: UInt64
        let changes: GraphChanges
    }

    /// A generation's file.
    struct Encoded {
        let bytes: [UInt8]
        /// The generation that it stands on; `nil` for a whole graph.
        let base: UInt64?
    }

    init(directory: StateDirectory) throws(StateError) {
        self.directory = directory
        try directory.makeDirectory(Self.folder)
        for name in try directory.names(in: Self.folder) {
            guard let (generation, base) = Self.parse(name) else { continue }
            bases.updateValue(base, forKey: generation)
        }
    }

    /// The file of a generation.
    mutating func encode(_ record: GenerationRecord) -> Encoded {
        guard let whole, bases[whole.generation] == .some(nil),
            whole.generation < record.generation,
            record.generation - whole.generation <= Self.distanceMax,
            record.description.objectCount >= Self.objectsLeast
        else { return Encoded(bytes: record.bytes(over: nil), base: nil) }
        let changes = changes(of: record, whole)
        guard changes.objectCount <= record.description.objectCount / Self.shareLeast else {
            return Encoded(bytes: record.bytes(over: nil), base: nil)
        }
        let bytes = record.bytes(over: (whole.generation, changes))
        return Encoded(bytes: bytes, base: whole.generation)
    }

    /// What a generation has otherwise; worked out once, though it is written twice.
    private mutating func changes(
        of record: GenerationRecord,
        _ whole: (generation: UInt64, graph: GraphDescription)
    ) -> GraphChanges {
        if let known, known.generation == record.generation, known.digest == record.digest,
            known.base == whole.generation
        {
            return known.changes
        }
        let changes = GraphChanges(from: whole.graph, to: record.description)
        known = Difference(
            generation: record.generation,
            digest: record.digest,
            base: whole.generation,
            changes: changes
        )
        return changes
    }

    /// Writes a generation, and removes what is too old.
    mutating func keep(_ record: GenerationRecord) throws(StateError) {
        let encoded = encode(record)
        try put(encoded, generation: record.generation)
        if encoded.base == nil { whole = (record.generation, record.description) }
        let oldest = record.generation - min(record.generation, Self.countMax - 1)
        let needed = Set(bases.filter { $0.key >= oldest }.compactMap(\.value))
        for (generation, base) in bases where generation < oldest && !needed.contains(generation) {
            directory.remove(Self.name(generation, base))
            bases[generation] = nil
        }
    }

    /// Puts a generation's file in place.
    mutating func put(_ encoded: Encoded, generation: UInt64) throws(StateError) {
        try directory.replace(Self.name(generation, encoded.base), with: encoded.bytes)
        // The same generation under another name, of a try that failed.
        if let old = bases[generation], old != encoded.base {
            directory.remove(Self.name(generation, old))
        }
        bases.updateValue(encoded.base, forKey: generation)
    }

    /// A generation; `nil` when it is not kept, or cannot be read.
    mutating func read(_ generation: UInt64) throws(StateError) -> GenerationRecord? {
        guard let base = bases[generation],
            let bytes = try directory.read(Self.name(generation, base)),
            let record = try decode(bytes)?.record, record.generation == generation
        else { return nil }
        if base == nil { whole = (generation, record.description) }
        return record
    }

    /// Reads a file's bytes; `nil` when they are damaged, or stand on what is.
    ///
    /// - Returns: The record, and the generation that it stands on.
    mutating func decode(
        _ bytes: [UInt8]
    ) throws(StateError) -> (record: GenerationRecord, base: UInt64?)? {
        // A file that is no JSON is as damaged as one that misses a member.
        guard let json = try? JSONValue(json: bytes) else { return nil }
        let base = GenerationRecord.base(of: json)
        if let base, whole?.generation != base {
            // A whole graph stands on nothing: files that stand on each other are damaged.
            guard bases[base] == .some(nil), try read(base) != nil else { return nil }
        }
        let graph = base == nil ? nil : whole?.graph
        return GenerationRecord(json: json, over: graph).map { ($0, base) }
    }

    private static func name(_ generation: UInt64, _ base: UInt64?) -> String {
        let text = [generation, base].compactMap(\.self).map { number in
            let digits = String(number)
            return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
        }
        return "\(folder)/\(text.joined(separator: "-")).json"
    }

    private static func parse(_ name: String) -> (generation: UInt64, base: UInt64?)? {
        guard name.hasSuffix(".json") else { return nil }
        let numbers = name.dropLast(5).split(separator: "-", omittingEmptySubsequences: false)
        guard let generation = numbers.first.flatMap({ UInt64($0) }) else { return nil }
        switch numbers.count {
        case 1: return (generation, nil)
        case 2: return UInt64(numbers[1]).map { (generation, $0) }
        default: return nil
        }
    }
}

/// What one graph has otherwise than another, object by object.
struct GraphChanges: Sendable {
    /// Objects that are new or not what they were.
    private(set) var part = GraphDescription()
    /// Objects that the other graph has alone.
    private(set) var removed: [String] = []

    init(from old: GraphDescription, to new: GraphDescription) {
        part.ioThreads = compare(.ioThread, old.ioThreads, new.ioThreads)
        part.throttleGroups = compare(.throttleGroup, old.throttleGroups, new.throttleGroups)
        part.listeners = compare(.listener, old.listeners, new.listeners)
        let suspects = new.changes(since: old)
        part.nodes = compare(.node, old.nodes, new.nodes, among: suspects?.nodes)
        part.exports = compare(.export, old.exports, new.exports, among: suspects?.exports)
    }

    /// How many objects differ.
    var objectCount: Int { part.objectCount + removed.count }

    private mutating func compare<Object: Equatable>(
        _ kind: ObjectKind,
        _ old: [String: Object],
        _ new: [String: Object],
        among names: Set<String>? = nil
    ) -> [String: Object] {
        if let names {
            let differing = names.sorted().filter { old[$0] != new[$0] }
            removed += differing.filter { new[$0] == nil }.map(kind.object)
            return Dictionary(
                uniqueKeysWithValues: differing.compactMap { name in new[name].map { (name, $0) } }
            )
        }
        var changed: [String: Object] = [:]
        var foundCount = 0
        for (name, object) in new {
            let was = old[name]
            if was != nil { foundCount += 1 }
            if was != object { changed[name] = object }
        }
        if foundCount < old.count {
            removed += old.keys.filter { new[$0] == nil }.map(kind.object).sorted()
        }
        return changed
    }
}

extension GraphDescription {
    /// How many objects there are.
    fileprivate var objectCount: Int {
        nodes.count + exports.count + listeners.count + throttleGroups.count + ioThreads.count
    }
}
