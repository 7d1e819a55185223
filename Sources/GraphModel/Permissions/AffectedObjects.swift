/// What is not the same in two graphs, with everything above it.
///
/// All the rest of the new graph says what it said in the old one, is used and shared alike, is
/// needed on the same threads, and stands on nodes of which the same holds.
package struct AffectedObjects: Sendable {
    /// Nodes of the new graph, children before their parents.
    package let nodes: [String]
    /// Nodes of the old graph that the new one has not, or of which ``nodes`` has the name;
    /// children before their parents.
    package let formerNodes: [String]
    /// Exports of the new graph that are new, changed, or over one of ``nodes``; by name.
    package let exports: [String]
    /// Exports that the new graph has not; by name.
    package let goneExports: [String]

    /// Compares two graphs without cycles.
    ///
    /// - Parameters:
    ///   - old: The graph that is there.
    ///   - new: The graph that comes.
    ///   - renewed: Names of nodes of the new graph that are other nodes, whatever they say.
    /// - Complexity: O(nodes + edges).
    package init(from old: ResolvedGraph, to new: ResolvedGraph, renewed: Set<String> = []) {
        let former = new.index.nodeNumbers(in: old.index)
        var isAffected = Self.changed(from: old, to: new, former: former)
        for name in renewed {
            if let number = new.index.number(of: name) { isAffected[number] = true }
        }
        for number in new.childrenFirst.lazy.map(Int.init) where !isAffected[number] {
            isAffected[number] = new.index.children(of: number).contains {
                isAffected[Int(new.index.edges[$0].child)]
            }
        }
        var goesOn = [Bool](repeating: false, count: old.index.count)
        for (number, was) in former.enumerated() where was >= 0 && !isAffected[number] {
            goesOn[Int(was)] = true
        }
        nodes = new.childrenFirst.lazy.filter { isAffected[Int($0)] }
            .map { new.index.names[Int($0)] }
        formerNodes = old.childrenFirst.lazy.filter { !goesOn[Int($0)] }
            .map { old.index.names[Int($0)] }
        (exports, goneExports) = Self.exports(from: old, to: new, isAffected)
    }

    /// Which nodes are new or not what they were, whatever is below them; by number.
    private static func changed(
        from old: ResolvedGraph,
        to new: ResolvedGraph,
        former: [Int32]
    ) -> [Bool] {
        let changes = new.description.changes(since: old.description)
        var isOther = [Bool](repeating: changes == nil, count: former.count)
        for name in changes?.nodes ?? [] {
            if let number = new.index.number(of: name) { isOther[number] = true }
        }
        return former.enumerated().map { number, was in
            guard was >= 0 else { return true }
            let was = Int(was)
            return new.cumulativeMasks[number] != old.cumulativeMasks[was]
                || !new.placement.isSame(number, as: old.placement, was)
                || isOther[number] && new.index.node(number) != old.index.node(was)
        }
    }

    private static func exports(
        from old: ResolvedGraph,
        to new: ResolvedGraph,
        _ isAffected: [Bool]
    ) -> (present: [String], gone: [String]) {
        let former = new.index.exportNumbers(in: old.index)
        var isGone = [Bool](repeating: true, count: old.index.exports.count)
        for was in former where was >= 0 { isGone[Int(was)] = false }
        let changes = new.description.changes(since: old.description)?.exports
        var present: [String] = []
        // Exports are numbered by name.
        for edge in new.index.exportEdges.lazy.map({ new.index.edges[$0] }) {
            let number = Int(-1 - edge.parent)
            let export = new.index.exports[number]
            let was = Int(former[number])
            let mayDiffer = changes?.contains(export.name) ?? true
            if was < 0 || isAffected[Int(edge.child)]
                || mayDiffer && old.index.exports[was] != export
            {
                present.append(export.name)
            }
        }
        let gone = isGone.indices.filter { isGone[$0] }.map { old.index.exports[$0].name }
        return (present, gone)
    }
}

extension ResolvedGraph {
    /// Nodes at and below some that no export reaches, or only some exports.
    ///
    /// - Parameters:
    ///   - roots: Names of nodes to begin with.
    ///   - quiet: Names of exports that do not count.
    /// - Returns: Names, parents before their children.
    /// - Complexity: O(nodes + edges).
    package func nodes(below roots: [String], unreachedBut quiet: Set<String>) -> [String] {
        let wanted = reached(from: roots.compactMap(index.number))
        let busy = reached(
            from: index.exportEdges.lazy.map { index.edges[$0] }
                .filter { !quiet.contains(index.exports[Int(-1 - $0.parent)].name) }
                .map { Int($0.child) }
        )
        return childrenFirst.lazy.reversed().map(Int.init).filter { wanted[$0] && !busy[$0] }
            .map { index.names[$0] }
    }

    private func reached(from roots: some Sequence<Int>) -> [Bool] {
        var isReached = [Bool](repeating: false, count: index.count)
        var pending = Array(roots)
        while let number = pending.popLast() {
            guard !isReached[number] else { continue }
            isReached[number] = true
            for place in index.children(of: number) {
                pending.append(Int(index.edges[place].child))
            }
        }
        return isReached
    }
}
