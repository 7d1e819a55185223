import GraphModel

/// Turns a difference into actions and steps.
struct Planner {
    private let difference: GraphDifference
    private let marks: GraphMarks
    private let liveMarks: GraphMarks

    init(difference: GraphDifference, marks: GraphMarks, liveMarks: GraphMarks) {
        self.difference = difference
        self.marks = marks
        self.liveMarks = liveMarks
    }

    private var live: GraphDescription { difference.live }
    private var desired: GraphDescription { difference.desired }

    /// What is done with each object that changes.
    var actions: [ObjectAction] {
        ObjectKind.allCases.flatMap { kind in
            (added(kind) + changed(kind) + removed(kind)).sorted { $0.object < $1.object }
        }
    }

    private func added(_ kind: ObjectKind) -> [ObjectAction] {
        difference[kind].added.map { name in
            action(kind.object(name), .add, [], undo: undo(ofAdding: name, kind))
        }
    }

    private func changed(_ kind: ObjectKind) -> [ObjectAction] {
        let part = difference[kind]
        let renames = kind == .node ? difference.names.formerNames : [:]
        var found: [ObjectAction] = []
        for (name, former) in renames {
            found.append(
                action(
                    kind.object(name),
                    part.replaced.contains(name) ? .replace : .rename,
                    part.changed[name] ?? [],
                    previous: kind.object(former),
                    undo: undo(ofChanging: name, kind, part.changed[name] ?? [])
                )
            )
        }
        for (name, fields) in part.changed where renames[name] == nil {
            let isNew = part.replaced.contains(name)
            found.append(
                action(
                    kind.object(name),
                    isNew ? .replace : .change,
                    fields,
                    undo: undo(ofChanging: name, kind, fields)
                )
            )
        }
        return found
    }

    private func removed(_ kind: ObjectKind) -> [ObjectAction] {
        difference[kind].removed.map { name in
            let object = kind.object(name)
            return ObjectAction(
                object: object,
                kind: .remove,
                fields: [],
                previous: nil,
                undo: .free,
                source: liveMarks.objects[object]
            )
        }
    }

    private func action(
        _ object: String,
        _ kind: ObjectAction.Kind,
        _ fields: [FieldChange],
        previous: String? = nil,
        undo: ObjectAction.Undo = .free
    ) -> ObjectAction {
        let source = fields.first.flatMap { marks.mark(object, $0.path) } ?? marks.objects[object]
        return ObjectAction(
            object: object,
            kind: kind,
            fields: fields,
            previous: previous,
            undo: undo,
            source: source
        )
    }

    /// A new overlay over what is live takes writes that the old graph would not show.
    private func undo(ofAdding name: String, _ kind: ObjectKind) -> ObjectAction.Undo {
        guard kind == .node, let node = desired.nodes[name], !node.isReadOnly,
            let driver = Catalog.driver(node.driver)
        else { return .free }
        let coversLive = node.children.contains { child in
            driver.role(edge: child.edge, of: node)?.contains(.backing) == true
                && live.nodes[difference.names.liveName(of: child.node)] != nil
        }
        return coversLive ? .mergeBack : .free
    }

    /// What grows does not shrink again.
    private func undo(
        ofChanging name: String,
        _ kind: ObjectKind,
        _ fields: [FieldChange]
    ) -> ObjectAction.Undo {
        guard kind == .node, let node = desired.nodes[name],
            let driver = Catalog.driver(node.driver)
        else { return .free }
        let before = live.nodes[difference.names.liveName(of: name)]?.options
        let grows = driver.options.contains { option in
            option.grows && fields.contains { $0.path == option.key }
                && (node.options.integer(option.key) ?? 0) > (before?.integer(option.key) ?? 0)
        }
        return grows ? .oneWay : .free
    }

    /// Objects that are protected, would be removed, and are not allowed to be.
    func protectedRemovals(_ actions: [ObjectAction], allowed: Set<String>) -> [String] {
        actions.filter { $0.kind == .remove }.map(\.object).filter { object in
            guard let (kind, name) = ObjectKind.split(object), !allowed.contains(name),
                !allowed.contains(object)
            else { return false }
            let options = kind == .node ? live.nodes[name]?.options : live.exports[name]?.options
            return options?.flag("protect") == true
        }
    }

    /// The steps in the order in which they run.
    func steps(_ actions: [ObjectAction], _ exports: [ExportImpact]) -> [PlanStep] {
        if actions.isEmpty { return [] }
        let isNew: (ObjectAction) -> Bool = { $0.kind == .add || $0.kind == .replace }
        let opened = actions.filter(isNew).map(\.object)
        let changed = actions.filter { $0.kind == .change || $0.kind == .rename }.map(\.object)
        var closed = actions.filter { $0.kind == .remove }.map(\.object)
        closed += actions.filter { $0.kind == .replace }.map { $0.previous ?? $0.object }
        var steps: [PlanStep] = []
        if !opened.isEmpty {
            let order = childrenFirst(opened, in: desired)
            steps.append(
                PlanStep(phase: .prepare, what: "open " + words(order), objects: order)
            )
        }
        if !changed.isEmpty {
            steps.append(
                PlanStep(phase: .prepare, what: "prepare " + words(changed), objects: changed)
            )
        }
        steps.append(
            PlanStep(
                phase: .check,
                what: "check permissions of \(desired.nodes.count) "
                    + (desired.nodes.count == 1 ? "node" : "nodes"),
                objects: []
            )
        )
        let drained = exports.filter { $0.impact == .pause }.map {
            ObjectKind.export.object($0.name)
        }
        if !drained.isEmpty {
            steps.append(PlanStep(phase: .drain, what: "drain " + words(drained), objects: drained))
        }
        let switched = actions.map(\.object)
        steps.append(
            PlanStep(phase: .commit, what: "switch " + words(switched), objects: switched)
        )
        if !closed.isEmpty {
            let order = Array(childrenFirst(closed.sorted(), in: live).reversed())
            steps.append(PlanStep(phase: .close, what: "close " + words(order), objects: order))
        }
        steps.append(
            PlanStep(phase: .verify, what: "verify that live equals the plan", objects: [])
        )
        return steps
    }

    private func words(_ objects: [String]) -> String {
        let names = objects.prefix(4).map { ObjectKind.split($0)?.name ?? $0 }
        let rest = objects.count - names.count
        return names.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }

    /// Services first, then nodes with children before parents, then exports.
    private func childrenFirst(_ objects: [String], in graph: GraphDescription) -> [String] {
        var nodes: [String] = []
        var services: [String] = []
        var exports: [String] = []
        for object in objects {
            guard let (kind, name) = ObjectKind.split(object) else { continue }
            switch kind {
            case .node: nodes.append(name)
            case .export: exports.append(object)
            case .ioThread, .throttleGroup, .listener: services.append(object)
            }
        }
        let wanted = Set(nodes)
        var isEntered: Set<String> = []
        var order: [String] = []
        for root in nodes {
            var walk = [(name: root, isLeaving: false)]
            while let (name, isLeaving) = walk.popLast() {
                if isLeaving {
                    order.append(ObjectKind.node.object(name))
                } else if isEntered.insert(name).inserted {
                    walk.append((name, true))
                    for child in graph.nodes[name]?.children.reversed() ?? []
                    where wanted.contains(child.node) && !isEntered.contains(child.node) {
                        walk.append((child.node, false))
                    }
                }
            }
        }
        return services + order + exports
    }
}
