extension GraphIndex {
    /// Groups of nodes that reach each other, found among the nodes that `parentsFirst` left out.
    ///
    /// Tarjan's algorithm with its stack in arrays: a chain may be a million nodes long.
    func knots(outside order: [Int32]) -> [[Int32]] {
        let unseen: Int32 = -1
        var entry = [Int32](repeating: unseen, count: count)
        var lowest = [Int32](repeating: 0, count: count)
        var isOpen = [Bool](repeating: false, count: count)
        var open: [Int32] = []
        var walk: [(node: Int, next: Int)] = []
        var counter: Int32 = 0
        var knots: [[Int32]] = []
        var isOrdered = [Bool](repeating: false, count: count)
        for number in order { isOrdered[Int(number)] = true }

        func enter(_ node: Int) {
            entry[node] = counter
            lowest[node] = counter
            counter += 1
            open.append(Int32(node))
            isOpen[node] = true
            walk.append((node, Int(starts[node])))
        }

        for root in 0..<count where !isOrdered[root] && entry[root] == unseen {
            enter(root)
            while let (node, next) = walk.last {
                if next < Int(starts[node + 1]) {
                    walk[walk.count - 1].next += 1
                    let child = Int(edges[next].child)
                    if entry[child] == unseen {
                        enter(child)
                    } else if isOpen[child] {
                        lowest[node] = min(lowest[node], entry[child])
                    }
                    continue
                }
                walk.removeLast()
                if let parent = walk.last?.node {
                    lowest[parent] = min(lowest[parent], lowest[node])
                }
                guard lowest[node] == entry[node] else { continue }
                var knot: [Int32] = []
                repeat {
                    let member = open.removeLast()
                    isOpen[Int(member)] = false
                    knot.append(member)
                } while knot.last != Int32(node)
                if knot.count > 1 || children(of: node).contains(where: { edges[$0].child == node })
                {
                    knots.append(knot.sorted())
                }
            }
        }
        return knots
    }

    /// The shortest way round through an edge: nodes from its parent on, back to it.
    func cycle(through edge: Edge, in knot: Set<Int32>) -> [Int32] {
        var cameFrom: [Int32: Int32] = [:]
        var queue = [edge.child]
        var next = 0
        while next < queue.count, cameFrom[edge.parent] == nil, edge.child != edge.parent {
            for place in children(of: Int(queue[next])) {
                let child = edges[place].child
                guard knot.contains(child), child != edge.child, cameFrom[child] == nil else {
                    continue
                }
                cameFrom[child] = queue[next]
                queue.append(child)
            }
            next += 1
        }
        var way: [Int32] = [edge.parent]
        var place = edge.parent
        while place != edge.child, let before = cameFrom[place] {
            way.append(before)
            place = before
        }
        return [edge.parent] + way.reversed()
    }
}
