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

    let live: GraphDescription
    let desired: GraphDescription
    let names: NameMap
    /// Changed objects that are in both graphs, by the name they shall have.
    private(set) var changed: [String: [FieldChange]] = [:]
    /// Nodes and services that are opened anew though one of their name is live.
    private(set) var replaced: Set<String> = []
    /// What requests that pass a wished node notice of a change at that very node.
    private(set) var notices: [String: Notice] = [:]

    init(live: GraphDescription, desired: GraphDescription) {
        self.live = live
        self.desired = desired
        names = NameMap(live: live, desired: desired)
        compareServices()
        compareNodes()
        compareEdges()
        compareExports()
    }

    private mutating func note(_ notice: Notice, _ node: String) {
        notices[node] = max(notices[node] ?? .none, notice)
    }

    // MARK: - Services

    private mutating func compareServices() {
        for (name, thread) in desired.ioThreads {
            compare(.ioThread, name, live.ioThreads[name]?.options, thread.options)
        }
        for (name, group) in desired.throttleGroups {
            compare(.throttleGroup, name, live.throttleGroups[name]?.limits, group.limits)
        }
        for (name, listener) in desired.listeners {
            compare(.listener, name, live.listeners[name]?.options, listener.options)
        }
    }

    private mutating func compare(
        _ kind: ObjectKind,
        _ name: String,
        _ before: Options?,
        _ after: Options
    ) {
        guard let before, before != after else { return }
        let specifications = Catalog.options(of: kind)
        let fields = OptionDifference.fields(from: before, to: after) { key in
            specifications.first { $0.key == key }.map { ($0.change, $0.isSilent) }
        }
        guard !fields.isEmpty else { return }
        let object = kind.object(name)
        changed[object] = fields
        if fields.contains(where: { $0.mode == .replace }) { replaced.insert(object) }
    }

    // MARK: - Nodes

    private mutating func compareNodes() {
        for (name, node) in desired.nodes {
            let object = ObjectKind.node.object(name)
            guard let old = live.nodes[names.liveName(of: name)] else {
                note(.change, name)
                continue
            }
            let fields = optionFields(old, node)
            guard !fields.isEmpty else { continue }
            changed[object] = fields
            for field in fields where !field.isSilent {
                note(field.mode == .inPlace ? .change : .pause, name)
            }
            if fields.contains(where: { $0.mode == .replace }) { replaced.insert(object) }
        }
        for (name, node) in desired.nodes
        where replaced.contains(ObjectKind.node.object(name)) && passes(node) {
            // A new filter over the same bytes is as good as the old one.
            if liveSource(name) == desiredSource(name) { notices[name] = .change }
        }
        for node in desired.nodes.values {
            guard let group = node.options.text("throttle-group"),
                changed[ObjectKind.throttleGroup.object(group)] != nil
            else { continue }
            note(.change, node.name)
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

    private func passes(_ node: NodeDescription) -> Bool {
        Catalog.driver(node.driver)?.passedChild(of: node) != nil
    }

    // MARK: - Edges

    private mutating func compareEdges() {
        for (name, node) in desired.nodes {
            guard let old = live.nodes[names.liveName(of: name)],
                !replaced.contains(ObjectKind.node.object(name))
            else { continue }
            let before = old.children.map {
                ChildReference(edge: $0.edge, node: names.desiredName(of: $0.node))
            }
            guard before != node.children else { continue }
            compareEdges(of: name, before, node.children)
        }
    }

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
        let object = ObjectKind.node.object(name)
        changed[object] = fields + (changed[object] ?? [])
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
            && !replaced.contains(ObjectKind.node.object(wished))
        return isKept ? .kept(wished) : .leaving(end)
    }

    private func desiredSource(_ name: String) -> Source {
        let end = bottom(of: name, in: desired)
        let isKept =
            live.nodes[names.liveName(of: end)] != nil
            && !replaced.contains(ObjectKind.node.object(end))
        return isKept ? .kept(end) : .coming(end)
    }

    private func bottom(of name: String, in graph: GraphDescription) -> String {
        var name = name
        // A live graph has no cycles, and a wished one is checked; the bound is for a broken one.
        for _ in 0...graph.nodes.count {
            guard let node = graph.nodes[name],
                let next = Catalog.driver(node.driver)?.passedChild(of: node)
            else { return name }
            name = next
        }
        return name
    }

    // MARK: - Exports

    private mutating func compareExports() {
        let specifications = Catalog.exportOptions
        for (name, export) in desired.exports {
            guard let old = live.exports[name] else { continue }
            var fields: [FieldChange] = []
            let before = names.desiredName(of: old.node)
            if old.type != export.type {
                fields.append(
                    FieldChange(
                        path: "type",
                        before: .text(old.type),
                        after: .text(export.type),
                        mode: .replace,
                        isSilent: false
                    )
                )
            }
            if before != export.node {
                let keepsBytes = liveSource(before) == desiredSource(export.node)
                fields.append(
                    FieldChange(
                        path: "node",
                        before: .text(before),
                        after: .text(export.node),
                        mode: keepsBytes ? .inPlace : .reopen,
                        isSilent: false
                    )
                )
            }
            if old.listener != export.listener {
                fields.append(
                    FieldChange(
                        path: "listener",
                        before: .text(old.listener),
                        after: .text(export.listener),
                        mode: .inPlace,
                        isSilent: false
                    )
                )
            }
            fields += OptionDifference.fields(from: old.options, to: export.options) { key in
                // Nothing in flight minds that more is allowed from now on.
                if key == "writable", export.isWritable { return (.live, false) }
                return specifications.first { $0.key == key }.map { ($0.change, $0.isSilent) }
            }
            if !fields.isEmpty { changed[ObjectKind.export.object(name)] = fields }
        }
    }
}
