import GraphModel

/// Which live node each wished node goes on from, by its name or by a rename.
struct NameMap {
    /// Former names of renamed nodes, by their new names.
    private(set) var formerNames: [String: String] = [:]
    /// New names of renamed nodes, by their former names.
    private(set) var newNames: [String: String] = [:]

    /// Finds renames: what `formerly` says, and the inline children that come along.
    ///
    /// - Parameters:
    ///   - live: What is live.
    ///   - desired: What is wished.
    ///   - names: Names of all nodes that may differ; `nil` when all may.
    init(live: GraphDescription, desired: GraphDescription, among names: Set<String>? = nil) {
        var claims: [NodeDescription] = []
        if let names {
            claims = names.compactMap { desired.nodes[$0] }.filter { $0.formerly != nil }
        } else {
            for node in desired.nodes.values where node.formerly != nil { claims.append(node) }
        }
        claims.sort { $0.name < $1.name }
        for node in claims {
            guard let former = node.formerly else { continue }
            var pending = [(former: former, new: node.name)]
            while let (former, new) = pending.popLast() {
                guard let old = live.nodes[former], live.nodes[new] == nil,
                    desired.nodes[former] == nil, let wished = desired.nodes[new],
                    newNames[former] == nil
                else { continue }
                formerNames[new] = former
                newNames[former] = new
                for child in wished.children where child.node == "\(new).\(child.edge)" {
                    let formerChild = "\(former).\(child.edge)"
                    guard old.child(child.edge) == formerChild else { continue }
                    pending.append((formerChild, child.node))
                }
            }
        }
    }

    /// Whether no node was renamed.
    var isEmpty: Bool { formerNames.isEmpty }

    /// The live name of a wished node.
    func liveName(of desired: String) -> String {
        isEmpty ? desired : formerNames[desired] ?? desired
    }

    /// The wished name of a live node, whether or not it stays.
    func desiredName(of live: String) -> String {
        isEmpty ? live : newNames[live] ?? live
    }
}
