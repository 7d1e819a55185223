package import GraphModel

/// Why a saved plan cannot be run.
package enum SavedPlanError: Error, Hashable, Sendable {
    /// The bytes are not those that were saved.
    case damaged(reason: String)
    /// Something that the plan depends on is not as it was.
    case stale(moved: [String])

    /// A sentence for people.
    package var reason: String {
        switch self {
        case .damaged(let reason): "this is not a plan as it was saved: \(reason)"
        case .stale(let moved):
            "the plan is stale: \(moved.prefix(8).joined(separator: ", "))"
                + (moved.count > 8 ? " and \(moved.count - 8) more" : "")
                + (moved.count == 1 ? " has" : " have") + " moved since it was made"
        }
    }
}

/// Exactly one plan, to be run later or not at all.
///
/// It says what it does to which objects and holds them as they shall be, so that it can be run
/// though unrelated objects have changed since. A seal over all of it shows any altered byte.
package struct SavedPlan: Sendable {
    /// Name of the plan.
    package let id: String
    /// Live objects that it depends on.
    package let footprint: Footprint
    /// Objects as they shall be: all that are added, changed, replaced or renamed.
    package let definitions: GraphDescription
    /// Objects that go.
    package let removals: [String]
    /// New names of nodes by their former ones.
    package let newNames: [String: String]
    /// Names of objects whose removal was allowed when it was made.
    package let allowedRemovals: [String]
    /// What it does to each object and what exports notice, in a form that can be compared.
    let promise: JSONValue
    /// Directory that relative paths of the files started from; `nil` when it was not noted.
    package let baseDirectory: String?
    /// The plan as the JSON that was saved, without the seal.
    package let json: JSONValue

    /// A plan to be saved.
    ///
    /// - Parameters:
    ///   - plan: The plan, against a graph without relative paths.
    ///   - json: The plan as it is printed.
    ///   - allowedRemovals: Names of objects that may be removed though protected.
    ///   - baseDirectory: Directory that relative paths of the files started from.
    package init(
        _ plan: Plan,
        json: JSONValue,
        allowedRemovals: [String] = [],
        baseDirectory: String? = nil
    ) {
        id = plan.id
        footprint = plan.footprint
        definitions = plan.desired.part(
            plan.actions.filter { $0.kind != .remove }.map(\.object)
        )
        removals = plan.actions.filter { $0.kind == .remove }.map(\.object)
        newNames = Self.newNames(of: plan)
        self.allowedRemovals = allowedRemovals.sorted()
        self.baseDirectory = baseDirectory
        promise = Self.promise(of: plan)
        var extra: [JSONValue.Member] = [
            .init("allowed-removals", JSONValue(texts: self.allowedRemovals)),
            .init("definitions", definitions.json),
        ]
        if let baseDirectory { extra.append(.init("base-directory", .text(baseDirectory))) }
        self.json = .object((json.members ?? []) + extra)
    }

    /// Bytes of the file.
    package var encoded: [UInt8] {
        let seal = Digest.text(of: json.compactBytes)
        let sealed = JSONValue.object((json.members ?? []) + [.init("seal", .text(seal))])
        return Array(sealed.prettyText.utf8)
    }

    /// Whether bytes look like a saved plan, whole or damaged, and not like a configuration.
    package static func looksSaved(_ bytes: [UInt8]) -> Bool {
        guard bytes.first(where: { $0 > 32 }) == UInt8(ascii: "{") else { return false }
        let start = String(decoding: bytes.prefix(256), as: UTF8.self)
        return start.contains("\"format\"") && start.contains("sluice.plan")
    }

    /// Reads what ``encoded`` writes.
    ///
    /// - Parameter bytes: The file.
    /// - Throws: ``SavedPlanError/damaged(reason:)`` for anything else.
    package init(encoded bytes: [UInt8]) throws(SavedPlanError) {
        let sealed: JSONValue
        do {
            sealed = try JSONValue(json: bytes, lengthBytesMax: Self.bytesMax)
        } catch {
            throw .damaged(reason: "\(error)")
        }
        guard sealed["format"]?.text == Plan.formatName else {
            throw .damaged(reason: "its format is not \(Plan.formatName)")
        }
        guard let seal = sealed["seal"]?.text else {
            throw .damaged(reason: "it was printed, not saved; make it with --out FILE")
        }
        let json = JSONValue.object((sealed.members ?? []).filter { $0.key != "seal" })
        guard Digest.text(of: json.compactBytes) == seal, Array(sealed.prettyText.utf8) == bytes
        else { throw .damaged(reason: "it was altered after it was saved") }
        try self.init(json: json)
    }

    /// Largest file.
    private static let bytesMax = 256 << 20

    private init(json: JSONValue) throws(SavedPlanError) {
        guard let id = json["id"]?.text, let footprint = json["footprint"],
            let seen = Footprint(json: footprint), let graph = json["definitions"],
            let actions = json["actions"]?.list
        else { throw .damaged(reason: "a part of it is missing") }
        do throws(GraphFormatError) {
            definitions = try GraphDescription(json: graph)
        } catch {
            throw .damaged(reason: error.reason)
        }
        var removals: [String] = []
        var newNames: [String: String] = [:]
        for action in actions {
            guard let object = action["object"]?.text, let kind = action["action"]?.text else {
                throw .damaged(reason: "an action has no object")
            }
            if kind == ObjectAction.Kind.remove.rawValue { removals.append(object) }
            guard let previous = action["previous"]?.text.flatMap(ObjectKind.split),
                let new = ObjectKind.split(object)
            else { continue }
            newNames[previous.name] = new.name
        }
        self.id = id
        self.footprint = seen
        self.removals = removals
        self.newNames = newNames
        allowedRemovals = (json["allowed-removals"]?.list ?? []).compactMap(\.text)
        baseDirectory = json["base-directory"]?.text
        promise = Self.promise(
            actions: actions,
            exports: json["exports"]?.list ?? []
        )
        self.json = json
    }

    private static func newNames(of plan: Plan) -> [String: String] {
        Dictionary(plan.formerNames.map { ($0.value, $0.key) }) { first, _ in first }
    }
}
