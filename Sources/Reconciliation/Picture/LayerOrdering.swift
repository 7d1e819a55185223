/// Orders the items of each column so that few lines cross.
///
/// Columns are swept back and forth; each is sorted by the middle of what its items are joined to,
/// and the best order that was met is kept (Sugiyama's method with barycentres).
struct LayerOrdering {
    /// Most sweeps over all columns.
    private static let sweepsMax = 12

    private var graph: LayerGraph
    private var places: [Int]

    /// The columns of a graph in a good order.
    static func columns(of graph: LayerGraph) -> [[Int]] {
        var ordering = LayerOrdering(graph)
        return ordering.best()
    }

    private init(_ graph: LayerGraph) {
        self.graph = graph
        places = [Int](repeating: 0, count: graph.items.count)
        self.graph.columns = Self.firstColumns(graph)
        for column in self.graph.columns { number(column) }
    }

    /// Columns in the order in which a walk from the first column's top meets their items.
    private static func firstColumns(_ graph: LayerGraph) -> [[Int]] {
        var columns = [[Int]](repeating: [], count: graph.columns.count)
        var isMet = [Bool](repeating: false, count: graph.items.count)
        for root in graph.columns.joined() where !isMet[root] {
            if !graph.items[root].before.isEmpty { continue }
            var walk = [root]
            while let item = walk.popLast() {
                if isMet[item] { continue }
                isMet[item] = true
                columns[graph.items[item].layer].append(item)
                walk += graph.items[item].after.reversed()
            }
        }
        return columns
    }

    private mutating func number(_ column: [Int]) {
        for (place, item) in column.enumerated() { places[item] = place }
    }

    private mutating func best() -> [[Int]] {
        var best = graph.columns
        var fewest = crossings()
        for sweep in 0..<Self.sweepsMax where fewest > 0 {
            let isForward = sweep.isMultiple(of: 2)
            let order = graph.columns.indices.dropFirst()
            for layer in isForward ? Array(order) : graph.columns.indices.dropLast().reversed() {
                sort(layer, by: isForward ? \.before : \.after)
            }
            let count = crossings()
            if count < fewest { (best, fewest) = (graph.columns, count) }
        }
        return best
    }

    private mutating func sort(_ layer: Int, by neighbours: KeyPath<LayerGraph.Item, [Int]>) {
        let column = graph.columns[layer]
        let weighted = column.enumerated().map { place, item -> (weight: Double, item: Int) in
            let joined = graph.items[item][keyPath: neighbours]
            guard !joined.isEmpty else { return (Double(place), item) }
            let sum = joined.reduce(0) { $0 + places[$1] }
            return (Double(sum) / Double(joined.count), item)
        }
        // Stable: equal weights keep their order.
        graph.columns[layer] = weighted.enumerated().sorted {
            ($0.element.weight, $0.offset) < ($1.element.weight, $1.offset)
        }.map(\.element.item)
        number(graph.columns[layer])
    }

    /// How many pairs of lines cross.
    private func crossings() -> Int {
        var count = 0
        for column in graph.columns {
            let lines = column.flatMap { upper in
                graph.items[upper].after.map { places[$0] }.sorted()
            }
            count += Self.inversions(lines)
        }
        return count
    }

    /// Pairs that stand in the wrong order, counted with a tree of sums.
    private static func inversions(_ values: [Int]) -> Int {
        guard let largest = values.max(), values.count > 1 else { return 0 }
        var sums = [Int](repeating: 0, count: largest + 2)
        var count = 0
        for (met, value) in values.enumerated() {
            var notGreater = 0
            var place = value + 1
            while place > 0 {
                notGreater += sums[place]
                place -= place & -place
            }
            count += met - notGreater
            place = value + 1
            while place < sums.count {
                sums[place] += 1
                place += place & -place
            }
        }
        return count
    }
}
