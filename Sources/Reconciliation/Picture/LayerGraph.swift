/// Boxes in columns: every line leads from one column to the next, through places that it only
/// passes where it is longer.
struct LayerGraph {
    /// A box in a column, or a place that a long line passes.
    struct Item {
        /// Number of the box; `nil` for a place that is only passed.
        let box: Int?
        /// The column, from 0.
        let layer: Int
        /// Items of the column before from which lines come.
        var before: [Int] = []
        /// Items of the column after to which lines go.
        var after: [Int] = []
    }

    /// All items; boxes first, by their numbers.
    private(set) var items: [Item] = []
    /// Items of each column, from the top.
    var columns: [[Int]] = []
    /// Items on the way of each line, its ends included.
    private(set) var ways: [[Int]] = []

    /// Puts boxes into columns.
    ///
    /// - Parameters:
    ///   - count: How many boxes there are.
    ///   - lines: Pairs of boxes, upper one first.
    ///   - rootLayer: The first column that a box may have.
    init(count: Int, lines: [(from: Int, to: Int)], rootLayer: (Int) -> Int) {
        let forward = Self.withoutCycles(count: count, lines: lines)
        let layers = Self.layers(count: count, lines: forward, rootLayer: rootLayer)
        items = (0..<count).map { Item(box: $0, layer: layers[$0]) }
        columns = [[Int]](repeating: [], count: (layers.max() ?? -1) + 1)
        for box in 0..<count { columns[layers[box]].append(box) }
        for line in forward {
            var way = [line.from]
            for layer in (layers[line.from] + 1)..<max(layers[line.to], layers[line.from] + 1) {
                items.append(Item(box: nil, layer: layer))
                columns[layer].append(items.count - 1)
                way.append(items.count - 1)
            }
            way.append(line.to)
            for (upper, lower) in zip(way, way.dropFirst()) {
                items[upper].after.append(lower)
                items[lower].before.append(upper)
            }
            ways.append(way)
        }
    }

    /// Lines with those turned round that would close a circle: before and after a plan, two nodes
    /// may lie above each other in turn.
    private static func withoutCycles(
        count: Int,
        lines: [(from: Int, to: Int)]
    ) -> [(from: Int, to: Int)] {
        var after = [[Int]](repeating: [], count: count)
        for (number, line) in lines.enumerated() { after[line.from].append(number) }
        var state = [UInt8](repeating: 0, count: count)
        var result = lines
        for root in 0..<count where state[root] == 0 {
            state[root] = 1
            var walk = [(box: root, next: 0)]
            while let top = walk.last {
                guard top.next < after[top.box].count else {
                    state[top.box] = 2
                    walk.removeLast()
                    continue
                }
                walk[walk.count - 1].next += 1
                let number = after[top.box][top.next]
                let below = lines[number].to
                if state[below] == 1 {
                    result[number] = (from: below, to: top.box)
                } else if state[below] == 0 {
                    state[below] = 1
                    walk.append((below, 0))
                }
            }
        }
        return result
    }

    /// The column of each box: after all that lie above it; what nobody uses, before its child.
    private static func layers(
        count: Int,
        lines: [(from: Int, to: Int)],
        rootLayer: (Int) -> Int
    ) -> [Int] {
        var waiting = [Int](repeating: 0, count: count)
        var after = [[Int]](repeating: [], count: count)
        for line in lines {
            waiting[line.to] += 1
            after[line.from].append(line.to)
        }
        let roots = (0..<count).filter { waiting[$0] == 0 }
        var layers = (0..<count).map(rootLayer)
        var order = roots
        var next = 0
        while next < order.count {
            let box = order[next]
            next += 1
            for child in after[box] {
                layers[child] = max(layers[child], layers[box] + 1)
                waiting[child] -= 1
                if waiting[child] == 0 { order.append(child) }
            }
        }
        for root in roots where rootLayer(root) > 0 {
            guard let nearest = after[root].map({ layers[$0] }).min() else { continue }
            layers[root] = max(layers[root], nearest - 1)
        }
        return layers
    }
}
