package import GraphModel
internal import Reconciliation

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

    fileprivate static let format = "sluice.generation/1"

    /// Whether the graph is the one that the digest was made of.
    package var isIntact: Bool { description.digest == digest }

}

// What stands in a generation's file.
extension GenerationRecord {
    /// The generation on which one stands; `nil` for a whole graph.
    static func base(of json: JSONValue) -> UInt64? {
        json["base"]?.integer.map { UInt64(clamping: $0) }
    }

    /// The record as JSON, with the graph whole.
    package var json: JSONValue { json(over: nil) }

    /// The bytes of a file: the graph whole, or what it has otherwise than another generation's.
    func bytes(over base: (generation: UInt64, changes: GraphChanges)?) -> [UInt8] {
        json(over: base).compactBytes
    }

    private func json(over base: (generation: UInt64, changes: GraphChanges)?) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("format", .text(Self.format)),
            .init("generation", .integer(Int64(clamping: generation))),
            .init("digest", .text(digest)), .init("unixSeconds", .integer(unixSeconds)),
            .init("origin", .text(origin.rawValue)),
            .init("actor", actor.map { .text($0) } ?? .null), .init("source", .text(source)),
            .init("baseDirectory", .text(baseDirectory)),
            .init("commit", commit.map { .text($0) } ?? .null),
        ]
        if let (generation, changes) = base {
            members.append(.init("base", .integer(Int64(clamping: generation))))
            members.append(.init("removed", JSONValue(texts: changes.removed)))
        }
        members.append(.init("description", (base?.changes.part ?? description).json))
        members += [.init("plan", plan), .init("receipt", receipt)]
        return .object(members)
    }

    /// Reads a file's JSON; `nil` when it is damaged or of another form.
    ///
    /// - Parameters:
    ///   - json: What stands in the file.
    ///   - base: The graph of the generation on which it stands, if it stands on one.
    init?(json: JSONValue, over base: GraphDescription?) {
        guard json["format"]?.text == Self.format, let generation = json["generation"]?.integer,
            generation > 0,
            let digest = json["digest"]?.text, let unixSeconds = json["unixSeconds"]?.integer,
            let origin = Origin(record: json),
            let source = json["source"]?.text,
            let baseDirectory = json["baseDirectory"]?.text, let graph = json["description"],
            let part = try? GraphDescription(json: graph)
        else { return nil }
        var description = base ?? GraphDescription()
        for object in (json["removed"]?.list ?? []).compactMap(\.text) {
            description.remove(object)
        }
        description.put(part)
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
