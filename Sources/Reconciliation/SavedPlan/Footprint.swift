package import GraphModel

/// Every live object that a plan depends on, with the version that the plan saw.
///
/// A version is made of what the object is, so that it is the same in a terminal, in the daemon and
/// after a restart: an object that went away and came back as it was has not moved.
package struct Footprint: Hashable, Sendable {
    /// The version of what is not there.
    package static let absent: Int64 = 0

    /// Versions by object.
    package let versions: [String: Int64]

    /// Notes versions.
    package init(versions: [String: Int64]) { self.versions = versions }

    /// What a plan depends on: what it touches and what that refers to.
    ///
    /// - Parameters:
    ///   - actions: What the plan does.
    ///   - live: What is live.
    ///   - desired: What is wished.
    init(actions: [ObjectAction], live: GraphDescription, desired: GraphDescription) {
        var objects: Set<String> = []
        for action in actions {
            objects.insert(action.object)
            if let previous = action.previous { objects.insert(previous) }
            guard action.kind != .remove else { continue }
            for target in desired.references(of: action.object) where live.has(target) {
                objects.insert(target)
            }
        }
        var versions: [String: Int64] = [:]
        for object in objects { versions[object] = Self.version(of: object, in: live) }
        self.versions = versions
    }

    /// Objects that are not as the plan saw them, by name.
    package func moved(in live: GraphDescription) -> [String] {
        versions.filter { Self.version(of: $0.key, in: live) != $0.value }.map(\.key).sorted()
    }

    /// The version of an object; ``absent`` when there is none.
    ///
    /// At most 53 bits, so that every reader of JSON can hold it.
    package static func version(of object: String, in graph: GraphDescription) -> Int64 {
        guard graph.has(object) else { return absent }
        let digits = graph.part([object]).digest.dropFirst("sha256:".count).prefix(13)
        return 1 << 52 | (Int64(digits, radix: 16) ?? 0)
    }

    /// The footprint as JSON, sorted by object.
    package var json: JSONValue {
        .list(
            versions.sorted { $0.key < $1.key }.map { object, version in
                ["object": .text(object), "version": .integer(version)]
            }
        )
    }

    /// Reads the form that ``json`` writes; `nil` when it is another.
    package init?(json: JSONValue) {
        guard let list = json.list else { return nil }
        var versions: [String: Int64] = [:]
        for entry in list {
            guard let object = entry["object"]?.text, let version = entry["version"]?.integer else {
                return nil
            }
            versions[object] = version
        }
        self.init(versions: versions)
    }
}
