package import GraphModel

/// A committed graph with what is known about how it came to be.
package struct GenerationRecord: Hashable, Sendable {
    /// Its number, from 1.
    package let generation: UInt64
    /// Digest of its normalised configuration.
    package let digest: String
    /// When it was tried, in seconds since 1970.
    package let unixSeconds: Int64
    /// Who wished it.
    package let origin: Origin
    /// Who asked for it on the control socket, as `uid 0 python3[8121]`.
    package let actor: String?
    /// Digest of the files that were there.
    package let source: String
    /// Directory that relative file names start from.
    package let baseDirectory: String
    /// The git commit that was checked out, when the sources lie in a work tree.
    package let commit: String?
    /// The graph.
    package let description: GraphDescription
    /// The plan that led to it.
    package let plan: JSONValue
    /// What clients noticed; null when the daemon ended before it was kept.
    package var receipt: JSONValue = .null

    /// Who wished a generation.
    package enum Origin: String, Hashable, Sendable {
        /// The watched files.
        case files
        /// A person, with `apply`.
        case hand
        /// A person, who went back to an older generation.
        case rollback
        /// Nobody kept the generation before it in time.
        case unconfirmed
    }

    /// Whether it stands above the files until these change.
    package var isByHand: Bool { origin != .files }

    private static let format = "sluice.generation/1"

    /// Whether the graph is the one that the digest was made of.
    package var isIntact: Bool { description.digest == digest }

    /// The record as JSON.
    package var json: JSONValue {
        [
            "format": .text(Self.format), "generation": .integer(Int64(clamping: generation)),
            "digest": .text(digest), "unixSeconds": .integer(unixSeconds),
            "origin": .text(origin.rawValue), "actor": actor.map { .text($0) } ?? .null,
            "source": .text(source),
            "baseDirectory": .text(baseDirectory), "commit": commit.map { .text($0) } ?? .null,
            "description": description.json, "plan": plan, "receipt": receipt,
        ]
    }

    /// The record as the bytes of a file.
    package func encoded() -> [UInt8] { json.compactBytes }
}

extension GenerationRecord {
    /// Reads a file's bytes; `nil` when they are damaged or of another form.
    package init?(encoded bytes: [UInt8]) {
        // A file that is no JSON is as damaged as one that misses a member.
        guard let json = try? JSONValue(json: bytes), json["format"]?.text == Self.format,
            let generation = json["generation"]?.integer, generation > 0,
            let digest = json["digest"]?.text, let unixSeconds = json["unixSeconds"]?.integer,
            let origin = Origin(record: json),
            let source = json["source"]?.text,
            let baseDirectory = json["baseDirectory"]?.text, let graph = json["description"],
            let description = try? GraphDescription(json: graph)
        else { return nil }
        self.init(
            generation: UInt64(generation),
            digest: digest,
            unixSeconds: unixSeconds,
            origin: origin,
            actor: json["actor"]?.text,
            source: source,
            baseDirectory: baseDirectory,
            commit: json["commit"]?.text,
            description: description,
            plan: json["plan"] ?? .null,
            receipt: json["receipt"] ?? .null
        )
    }
}

extension GenerationRecord.Origin {
    /// Reads a record's member, or the flag that stood in its place in the first version.
    fileprivate init?(record: JSONValue) {
        guard let text = record["origin"]?.text else {
            guard let isByHand = record["isByHand"]?.flag else { return nil }
            self = isByHand ? .hand : .files
            return
        }
        self.init(rawValue: text)
    }
}
