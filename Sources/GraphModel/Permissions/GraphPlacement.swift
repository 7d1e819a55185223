/// On which I/O threads each node is needed.
///
/// A node is needed on the threads of all exports above it; below nothing but unserved nodes, on the
/// thread that the topmost of them names, or else on the default one.
package struct GraphPlacement: Sendable {
    /// Name of the thread of everything that names none.
    package static let defaultThread = "default"

    private let index: GraphIndex
    private let sets: [[String]]
    private let setOfNode: [Int32]
    private let servingSetOfNode: [Int32]

    init(index: GraphIndex, order: [Int32]) {
        var table = ThreadSets()
        var found = [Int32](repeating: ThreadSets.none, count: index.count)
        var serving = found
        for place in index.exportEdges {
            let edge = index.edges[place]
            let child = Int(edge.child)
            for thread in index.exports[Int(-1 - edge.parent)].servingThreads {
                found[child] = table.union(found[child], table.set(of: thread))
            }
            serving[child] = found[child]
        }
        for node in order.lazy.map(Int.init) {
            if found[node] == ThreadSets.none {
                found[node] = table.set(
                    of: index.node(node).options.text("iothread") ?? Self.defaultThread
                )
            }
            for place in index.children(of: node) {
                let child = Int(index.edges[place].child)
                found[child] = table.union(found[child], found[node])
                serving[child] = table.union(serving[child], serving[node])
            }
        }
        self.index = index
        sets = table.sets
        setOfNode = found
        servingSetOfNode = serving
    }

    /// Names of threads, sorted; empty for an unknown node.
    package func threads(of node: String) -> [String] {
        index.number(of: node).map(threads) ?? []
    }

    /// Names of the threads of all exports above a node, sorted; empty when there is none.
    package func servingThreads(of node: String) -> [String] {
        index.number(of: node).map(servingThreads) ?? []
    }

    /// Whether a node is needed on the same threads as one of another graph, for the same reason.
    func isSame(_ number: Int, as other: GraphPlacement, _ otherNumber: Int) -> Bool {
        threads(number) == other.threads(otherNumber)
            && servingThreads(number) == other.servingThreads(otherNumber)
    }

    private func threads(_ number: Int) -> [String] { names(setOfNode[number]) }

    private func servingThreads(_ number: Int) -> [String] { names(servingSetOfNode[number]) }

    private func names(_ set: Int32) -> [String] { set == ThreadSets.none ? [] : sets[Int(set)] }
}

/// Sets of thread names by number, so that a node needs four bytes for its set.
private struct ThreadSets {
    static let none: Int32 = -1

    private struct Pair: Hashable {
        let first: Int32
        let second: Int32
    }

    private(set) var sets: [[String]] = []
    private var numbers: [[String]: Int32] = [:]
    private var unions: [Pair: Int32] = [:]
    private var singles: [String: Int32] = [:]

    mutating func set(of thread: String) -> Int32 {
        if let known = singles[thread] { return known }
        let number = number(of: [thread])
        singles[thread] = number
        return number
    }

    mutating func union(_ first: Int32, _ second: Int32) -> Int32 {
        if first == second || second == Self.none { return first }
        if first == Self.none { return second }
        let pair = Pair(first: min(first, second), second: max(first, second))
        if let known = unions[pair] { return known }
        let number = number(of: Set(sets[Int(first)]).union(sets[Int(second)]).sorted())
        unions[pair] = number
        return number
    }

    private mutating func number(of set: [String]) -> Int32 {
        if let known = numbers[set] { return known }
        let number = Int32(sets.count)
        sets.append(set)
        numbers[set] = number
        return number
    }
}
