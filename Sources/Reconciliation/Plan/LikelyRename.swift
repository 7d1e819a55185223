import GraphModel

/// Two names for what seems to be one node: the one goes, the other comes.
package struct LikelyRename: Hashable, Sendable {
    /// Name of the node that goes.
    package let former: String
    /// Name of the node that comes.
    package let new: String

    /// The line that would make it a rename.
    package var line: String { "formerly: \(former)" }
}

extension Plan {
    /// Nodes that go while others come that show the same bytes, by the new name.
    ///
    /// Two nodes are taken for one when driver and image agree, or driver and all children do, and
    /// when no third node looks the same. Children that stand inline come along with their parent
    /// and are not named.
    package var likelyRenames: [LikelyRename] {
        let gone = names(of: .remove)
        let new = names(of: .add)
        guard !gone.isEmpty, !new.isEmpty else { return [] }
        let before = NodeLooks(live, among: gone)
        let after = NodeLooks(desired, among: new)
        var pairs: [LikelyRename] = []
        for (look, names) in after.names where names.count == 1 {
            guard let former = before.names[look], former.count == 1 else { continue }
            pairs.append(LikelyRename(former: former[0], new: names[0]))
        }
        let renamed = Set(pairs.map(\.new))
        return pairs.filter { pair in
            !renamed.contains { parent in
                desired.nodes[parent]?.children.contains {
                    $0.node == pair.new && pair.new == "\(parent).\($0.edge)"
                } == true
            }
        }.sorted { $0.new < $1.new }
    }

    private func names(of kind: ObjectAction.Kind) -> Set<String> {
        Set(
            actions.lazy.filter { $0.kind == kind }.compactMap { action in
                ObjectKind.split(action.object).flatMap { $0.kind == .node ? $0.name : nil }
            }
        )
    }
}

/// What nodes look like when their names are forgotten.
private struct NodeLooks {
    /// Names of nodes by what they look like.
    private(set) var names: [String: [String]] = [:]

    private let graph: GraphDescription
    private let members: Set<String>
    private var looks: [String: String] = [:]

    init(_ graph: GraphDescription, among members: Set<String>) {
        self.graph = graph
        self.members = members
        for name in members.sorted() {
            let look = look(of: name)
            names[look, default: []].append(name)
        }
    }

    /// What a node looks like; children are looked at first, with a stack of our own.
    private mutating func look(of root: String) -> String {
        var walk = [(name: root, isLeaving: false)]
        var isEntered: Set<String> = []
        while let (name, isLeaving) = walk.popLast() {
            guard looks[name] == nil, let node = graph.nodes[name] else { continue }
            if isLeaving {
                looks[name] = look(node)
            } else if isEntered.insert(name).inserted {
                walk.append((name, true))
                for child in node.children where members.contains(child.node) {
                    walk.append((child.node, false))
                }
            }
        }
        return looks[root] ?? root
    }

    private func look(_ node: NodeDescription) -> String {
        let children = node.children.map { child -> JSONValue in
            // A node that stays is known by its name, one that goes or comes by what it looks like.
            [
                "edge": .text(child.edge),
                "looks": .text(
                    members.contains(child.node)
                        ? looks[child.node] ?? "" : "node \(child.node)"
                ),
            ]
        }
        let look: JSONValue = [
            "driver": .text(node.driver), "image": image(of: node), "children": .list(children),
        ]
        return Digest.text(of: look.compactBytes)
    }

    /// What says which bytes a node shows: its file or server, or whatever it says itself.
    private func image(of node: NodeDescription) -> JSONValue {
        if let filename = node.options["filename"] { return filename.json }
        if let server = node.options["server"] {
            return [
                "server": server.json, "export": node.options["export"]?.json ?? .null,
            ]
        }
        return node.children.isEmpty ? node.options.json : .null
    }
}
