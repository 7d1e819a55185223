package import GraphModel

extension GraphDescription {
    /// The graph with nothing but some of its objects; what is named and not there is left out.
    ///
    /// - Parameter objects: Names as in JSON, `node/x`.
    /// - Returns: The part of the graph.
    package func part(_ objects: some Sequence<String>) -> GraphDescription {
        var part = GraphDescription()
        for object in objects {
            guard let (kind, name) = ObjectKind.split(object) else { continue }
            switch kind {
            case .ioThread: part.ioThreads[name] = ioThreads[name]
            case .throttleGroup: part.throttleGroups[name] = throttleGroups[name]
            case .listener: part.listeners[name] = listeners[name]
            case .node: part.nodes[name] = nodes[name]
            case .export: part.exports[name] = exports[name]
            }
        }
        return part
    }

    /// Puts all objects of another graph in, over those of the same name.
    package mutating func put(_ other: GraphDescription) {
        ioThreads.merge(other.ioThreads) { $1 }
        throttleGroups.merge(other.throttleGroups) { $1 }
        listeners.merge(other.listeners) { $1 }
        nodes.merge(other.nodes) { $1 }
        exports.merge(other.exports) { $1 }
    }

    /// Takes an object out.
    package mutating func remove(_ object: String) {
        guard let (kind, name) = ObjectKind.split(object) else { return }
        switch kind {
        case .ioThread: ioThreads[name] = nil
        case .throttleGroup: throttleGroups[name] = nil
        case .listener: listeners[name] = nil
        case .node: nodes[name] = nil
        case .export: exports[name] = nil
        }
    }

    /// Gives nodes other names; whatever refers to them follows.
    ///
    /// - Parameter newNames: New names by the former ones.
    mutating func rename(_ newNames: [String: String]) {
        if newNames.isEmpty { return }
        var renamed: [String: NodeDescription] = [:]
        for (name, node) in nodes {
            var node = node
            node.name = newNames[name] ?? name
            for place in node.children.indices {
                let child = node.children[place].node
                node.children[place].node = newNames[child] ?? child
            }
            if let bottom = node.options.text("bottom"), let name = newNames[bottom] {
                node.options["bottom"] = .text(name)
            }
            renamed[node.name] = node
        }
        nodes = renamed
        for (name, export) in exports {
            if let node = newNames[export.node] { exports[name]?.node = node }
        }
    }

    /// Names of all objects, as in JSON, in no order.
    package var objects: [String] {
        ioThreads.keys.map { ObjectKind.ioThread.object($0) }
            + throttleGroups.keys.map { ObjectKind.throttleGroup.object($0) }
            + listeners.keys.map { ObjectKind.listener.object($0) }
            + nodes.keys.map { ObjectKind.node.object($0) }
            + exports.keys.map { ObjectKind.export.object($0) }
    }

    /// Objects that an object refers to, those that are not there included.
    package func references(of object: String) -> [String] {
        guard let (kind, name) = ObjectKind.split(object) else { return [] }
        var found: [String] = []
        if kind == .node, let node = nodes[name] {
            found += node.children.map { ObjectKind.node.object($0.node) }
            found += node.options.references
        } else if kind == .export, let export = exports[name] {
            found += [
                ObjectKind.node.object(export.node), ObjectKind.listener.object(export.listener),
            ]
            found += export.options.references
        }
        return found
    }

    /// References to objects that are not there: who refers, and to what.
    package var danglingReferences: [(from: String, to: String)] {
        var found: [(from: String, to: String)] = []
        let users =
            nodes.keys.map { ObjectKind.node.object($0) }
            + exports.keys.map { ObjectKind.export.object($0) }
        for user in users.sorted() {
            for target in references(of: user) where !has(target) { found.append((user, target)) }
        }
        return found
    }

    /// Whether there is such an object.
    package func has(_ object: String) -> Bool {
        guard let (kind, name) = ObjectKind.split(object) else { return false }
        return switch kind {
        case .ioThread: ioThreads[name] != nil
        case .throttleGroup: throttleGroups[name] != nil
        case .listener: listeners[name] != nil
        case .node: nodes[name] != nil
        case .export: exports[name] != nil
        }
    }
}

extension Options {
    /// Objects other than children that options refer to.
    fileprivate var references: [String] {
        var found: [String] = []
        if let group = text("throttle-group") {
            found.append(ObjectKind.throttleGroup.object(group))
        }
        switch self["iothread"] {
        case .text(let thread): found.append(ObjectKind.ioThread.object(thread))
        case .list(let threads):
            for case .text(let thread) in threads {
                found.append(ObjectKind.ioThread.object(thread))
            }
        default: break
        }
        return found
    }
}
