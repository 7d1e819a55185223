// Walks in the order of names, in which both graphs stand in memory: ten times the nodes take ten
// times as long.
extension ResolvedGraph {
    /// Names of all nodes and exports that may be otherwise than in another graph.
    ///
    /// - Complexity: O(names that changed) when the graph was made of the other one, otherwise
    ///   O(nodes and exports of both).
    package func changes(since old: ResolvedGraph) -> ChangedNames {
        if let known = description.changes(since: old.description) { return known }
        var names = ChangedNames()
        var isGone = [Bool](repeating: true, count: old.index.count)
        for (number, was) in index.nodeNumbers(in: old.index).enumerated() {
            if was >= 0 {
                isGone[Int(was)] = false
                if index.node(number) == old.index.node(Int(was)) { continue }
            }
            names.nodes.insert(index.names[number])
        }
        for number in isGone.indices where isGone[number] {
            names.nodes.insert(old.index.names[number])
        }
        noteExports(since: old, in: &names)
        return names
    }

    private func noteExports(since old: ResolvedGraph, in names: inout ChangedNames) {
        var isGone = [Bool](repeating: true, count: old.index.exports.count)
        for (number, was) in index.exportNumbers(in: old.index).enumerated() {
            if was >= 0 {
                isGone[Int(was)] = false
                if index.exports[number] == old.index.exports[Int(was)] { continue }
            }
            names.exports.insert(index.exports[number].name)
        }
        for number in isGone.indices where isGone[number] {
            names.exports.insert(old.index.exports[number].name)
        }
    }

    /// Exports in the order of their names.
    package var exportsByName: [ExportDescription] { index.exports }

    /// Names of some nodes and of everything above them, each once.
    ///
    /// - Complexity: O(nodes + edges).
    package func nodes(above names: [String]) -> Set<String> {
        var firsts = [Int32](repeating: -1, count: index.count)
        // For each edge, the next one to the same child.
        var nexts = [Int32](repeating: -1, count: index.edges.count)
        for place in 0..<index.exportEdges.lowerBound {
            let child = Int(index.edges[place].child)
            nexts[place] = firsts[child]
            firsts[child] = Int32(place)
        }
        var found: Set<String> = []
        var pending = names.compactMap(index.number)
        while let number = pending.popLast() {
            guard found.insert(index.names[number]).inserted else { continue }
            var place = firsts[number]
            while place >= 0 {
                pending.append(Int(index.edges[Int(place)].parent))
                place = nexts[Int(place)]
            }
        }
        return found
    }
}
