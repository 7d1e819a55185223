import GraphModel

/// What differs between two graphs, object by object, and how much of it requests would notice.
struct GraphDifference {
    /// What a change of a node means for requests that pass it.
    enum Notice: Int, Comparable {
        /// Nothing.
        case none
        /// Requests go on; later ones see the change.
        case change
        /// Requests must not see both graphs.
        case pause

        static func < (left: Notice, right: Notice) -> Bool { left.rawValue < right.rawValue }
    }

    /// What differs among the objects of one kind, by the names that they shall have.
    struct Part {
        /// Objects of the wished graph only.
        var added: [String] = []
        /// Objects of the live graph only.
        var removed: [String] = []
        /// Objects of both graphs that change.
        var changed: [String: [FieldChange]] = [:]
        /// Those of them that are opened anew.
        var replaced: Set<String> = []
    }

    let live: GraphDescription
    let desired: GraphDescription
    /// The wished graph by number, when that is known.
    let graph: ResolvedGraph?
    let names: NameMap
    /// What requests that pass a wished node notice of a change at that very node.
    private(set) var notices: [String: Notice] = [:]
    private var parts = [Part](repeating: Part(), count: ObjectKind.allCases.count)
    /// Names of all that may differ; `nil` when everything may.
    private let suspects: ChangedNames?

    init(live: GraphDescription, desired: GraphDescription) {
        self.init(live, desired, graph: nil, suspects: desired.changes(since: live))
    }

    init(live: ResolvedGraph, desired: ResolvedGraph) {
        self.init(
            live.description,
            desired.description,
            graph: desired,
            suspects: desired.changes(since: live)
        )
    }

    private init(
        _ live: GraphDescription,
        _ desired: GraphDescription,
        graph: ResolvedGraph?,
        suspects: ChangedNames?
    ) {
        self.live = live
        self.desired = desired
        self.graph = graph
        names = NameMap(live: live, desired: desired, among: suspects?.nodes)
        // After a rename also what says what it said may have to follow.
        self.suspects = names.isEmpty ? suspects : nil
        compareServices()
        compareNodes()
        compareExports()
    }

    /// What differs among the objects of a kind.
    subscript(kind: ObjectKind) -> Part { parts[kind.number] }

    private mutating func note(_ notice: Notice, _ node: String) {
        notices[node] = max(notices[node] ?? .none, notice)
    }

    // MARK: - Services

    private mutating func compareServices() {
        compare(.ioThread, live.ioThreads, desired.ioThreads, \.options)
        compare(.throttleGroup, live.throttleGroups, desired.throttleGroups, \.limits)
        compare(.listener, live.listeners, desired.listeners, \.options)
    }

    private mutating func compare<Service>(
        _ kind: ObjectKind,
        _ before: [String: Service],
        _ after: [String: Service],
        _ options: (Service) -> Options
    ) {
        for (name, service) in after {
            guard let old = before[name] else {
                parts[kind.number].added.append(name)
                continue
            }
            let specifications = Catalog.options(of: kind)
            let fields = OptionDifference.fields(from: options(old), to: options(service)) { key in
                specifications.first { $0.key == key }.map { ($0.change, $0.isSilent) }
            }
            note(fields, kind, name)
        }
        parts[kind.number].removed = before.keys.filter { after[$0] == nil }
    }

    private mutating func note(_ fields: [FieldChange], _ kind: ObjectKind, _ name: String) {
        guard !fields.isEmpty else { return }
        parts[kind.number].changed[name] = fields
        guard kind != .export, fields.contains(where: { $0.mode == .replace }) else { return }
        parts[kind.number].replaced.insert(name)
    }

    // MARK: - Nodes

    /// A node whose edges are not as they were.
    private struct Rewired {
        let name: String
        let before: [ChildReference]
        let after: [ChildReference]
    }

    private mutating func compareNodes() {
        // Where their edges lead is judged when it is known which nodes are replaced.
        var rewired: [Rewired] = []
        if let suspects {
            for name in suspects.nodes {
                if let node = desired.nodes[name] { compare(name, node, &rewired) }
            }
            parts[ObjectKind.node.number].removed = suspects.nodes.filter {
                desired.nodes[$0] == nil && live.nodes[$0] != nil
            }
        } else {
            for (name, node) in desired.nodes { compare(name, node, &rewired) }
            if desired.nodes.count - self[.node].added.count < live.nodes.count {
                parts[ObjectKind.node.number].removed = live.nodes.keys.filter {
                    desired.nodes[$0] == nil && names.newNames[$0] == nil
                }
            }
        }
        for name in self[.node].replaced {
            guard let node = desired.nodes[name], desired.passedChild(of: node) != nil else {
                continue
            }
            // A new filter over the same bytes is as good as the old one.
            if liveSource(name) == desiredSource(name) { notices[name] = .change }
        }
        noteGroups()
        for node in rewired where !self[.node].replaced.contains(node.name) {
            compareEdges(of: node.name, node.before, node.after)
        }
    }

    private mutating func compare(
        _ name: String,
        _ node: NodeDescription,
        _ rewired: inout [Rewired]
    ) {
        guard let old = live.nodes[names.liveName(of: name)] else {
            parts[ObjectKind.node.number].added.append(name)
            note(.change, name)
            return
        }
        let fields = optionFields(old, node)
        for field in fields where !field.isSilent {
            note(field.mode == .inPlace ? .change : .pause, name)
        }
        note(fields, .node, name)
        if names.isEmpty, old.children == node.children { return }
        let before = old.children.map {
            ChildReference(edge: $0.edge, node: names.desiredName(of: $0.node))
        }
        guard before != node.children else { return }
        rewired.append(Rewired(name: name, before: before, after: node.children))
    }

    private mutating func noteGroups() {
        let groups = self[.throttleGroup].changed
        if groups.isEmpty { return }
        for (name, node) in desired.nodes {
            guard let group = node.options.text("throttle-group"), groups[group] != nil else {
                continue
            }
            note(.change, name)
        }
    }

    private func optionFields(_ old: NodeDescription, _ new: NodeDescription) -> [FieldChange] {
        guard old.driver == new.driver else {
            return [
                FieldChange(
                    path: "driver",
                    before: .text(old.driver),
                    after: .text(new.driver),
                    mode: .replace,
                    isSilent: false
                )
            ]
        }
        if names.isEmpty, old.options == new.options { return [] }
        var before = old.options
        // References follow a rename.
        if let bottom = before.text("bottom") {
            before["bottom"] = .text(names.desiredName(of: bottom))
        }
        guard before != new.options, let driver = Catalog.driver(new.driver) else { return [] }
        return OptionDifference.fields(from: before, to: new.options) { key in
            let option =
                Catalog.nodeOptions.first { $0.key == key }
                ?? driver.options.first { $0.key == key }
            return option.map { (Catalog.cost(of: $0, driver: driver), $0.isSilent) }
        }
    }

    // MARK: - Edges

    private mutating func compareEdges(
        of name: String,
        _ before: [ChildReference],
        _ after: [ChildReference]
    ) {
        var fields: [FieldChange] = []
        var edges = before.map(\.edge)
        edges += after.map(\.edge).filter { !edges.contains($0) }
        for edge in edges {
            let old = before.first { $0.edge == edge }?.node
            let new = after.first { $0.edge == edge }?.node
            guard old != new else { continue }
            let keepsBytes = old.map(liveSource) == new.map(desiredSource)
            note(keepsBytes ? .change : .pause, name)
            fields.append(
                FieldChange(
                    path: edge,
                    before: old.map { .text($0) },
                    after: new.map { .text($0) },
                    mode: keepsBytes ? .inPlace : .reopen,
                    isSilent: false
                )
            )
        }
        guard !fields.isEmpty else { return }
        parts[ObjectKind.node.number].changed[name] = fields + (self[.node].changed[name] ?? [])
    }

    /// The node whose bytes a node shows, through filters that keep none.
    private enum Source: Equatable {
        /// A node of both graphs, by its wished name.
        case kept(String)
        /// A node of the live graph only.
        case leaving(String)
        /// A node of the wished graph only.
        case coming(String)
    }

    /// Follows a node of the live graph, named as it shall be.
    private func liveSource(_ desiredName: String) -> Source {
        let name = names.liveName(of: desiredName)
        let end = bottom(of: name, in: live)
        let wished = names.desiredName(of: end)
        let isKept =
            desired.nodes[wished] != nil && names.liveName(of: wished) == end
            && !self[.node].replaced.contains(wished)
        return isKept ? .kept(wished) : .leaving(end)
    }

    private func desiredSource(_ name: String) -> Source {
        let end = bottom(of: name, in: desired)
        let isKept =
            live.nodes[names.liveName(of: end)] != nil
            && !self[.node].replaced.contains(end)
        return isKept ? .kept(end) : .coming(end)
    }

    private func bottom(of name: String, in graph: GraphDescription) -> String {
        var name = name
        // A live graph has no cycles, and a wished one is checked; the bound is for a broken one.
        for _ in 0...graph.nodes.count {
            guard let node = graph.nodes[name], let next = graph.passedChild(of: node) else {
                return name
            }
            name = next
        }
        return name
    }

    // MARK: - Exports

    private mutating func compareExports() {
        if let suspects {
            for name in suspects.exports {
                if let export = desired.exports[name] { compare(name, export) }
            }
            parts[ObjectKind.export.number].removed = suspects.exports.filter {
                desired.exports[$0] == nil && live.exports[$0] != nil
            }
            return
        }
        for (name, export) in desired.exports { compare(name, export) }
        if live.exports.count > desired.exports.count - self[.export].added.count {
            parts[ObjectKind.export.number].removed = live.exports.keys.filter {
                desired.exports[$0] == nil
            }
        }
    }

    private mutating func compare(_ name: String, _ export: ExportDescription) {
        guard let old = live.exports[name] else {
            parts[ObjectKind.export.number].added.append(name)
            return
        }
        if names.isEmpty, old == export { return }
        note(fields(from: old, to: export), .export, name)
    }

    private func fields(
        from old: ExportDescription,
        to export: ExportDescription
    ) -> [FieldChange] {
        var fields: [FieldChange] = []
        let before = names.desiredName(of: old.node)
        if old.type != export.type { fields.append(field("type", old.type, export.type, .replace)) }
        if before != export.node {
            let keepsBytes = liveSource(before) == desiredSource(export.node)
            fields.append(field("node", before, export.node, keepsBytes ? .inPlace : .reopen))
        }
        if old.listener != export.listener {
            fields.append(field("listener", old.listener, export.listener, .inPlace))
        }
        let specifications = Catalog.exportOptions
        return fields
            + OptionDifference.fields(from: old.options, to: export.options) { key in
                // Nothing in flight minds that more is allowed from now on.
                if key == "writable", export.isWritable { return (.live, false) }
                return specifications.first { $0.key == key }.map { ($0.change, $0.isSilent) }
            }
    }

    private func field(
        _ path: String,
        _ before: String,
        _ after: String,
        _ mode: FieldChange.Mode
    ) -> FieldChange {
        FieldChange(
            path: path,
            before: .text(before),
            after: .text(after),
            mode: mode,
            isSilent: false
        )
    }
}
