/// Gives the items of ordered columns their heights on the page, so that lines run straight.
///
/// Each column in turn is put as near as can be to where its neighbours wish it, in the sense of
/// least squares, with room between its items: pools of items that would overlap move as one.
struct LayerPlacement {
    /// Most sweeps over all columns.
    private static let sweepsMax = 24

    private let graph: LayerGraph
    private let columns: [[Int]]
    private let heights: [Double]
    private let gap: Double
    /// Middles of the items.
    private var middles: [Double]

    /// Middles of all items, the topmost item's upper end at 0.
    ///
    /// - Parameters:
    ///   - graph: The items.
    ///   - columns: Their order.
    ///   - heights: Height of each item.
    ///   - gap: Room between two items.
    /// - Returns: The middle of each item.
    static func middles(
        of graph: LayerGraph,
        columns: [[Int]],
        heights: [Double],
        gap: Double
    ) -> [Double] {
        var placement = LayerPlacement(
            graph: graph,
            columns: columns,
            heights: heights,
            gap: gap,
            middles: [Double](repeating: 0, count: graph.items.count)
        )
        placement.run()
        return placement.middles
    }

    private mutating func run() {
        for column in columns {
            var top = 0.0
            for item in column {
                middles[item] = top + heights[item] / 2
                top += heights[item] + gap
            }
        }
        for sweep in 0..<Self.sweepsMax {
            let order = sweep.isMultiple(of: 2) ? Array(columns) : columns.reversed()
            for column in order { settle(column, isLast: sweep == Self.sweepsMax - 1) }
        }
        let top = graph.items.indices.map { middles[$0] - heights[$0] / 2 }.min() ?? 0
        for item in graph.items.indices { middles[item] -= top }
    }

    /// Where its neighbours wish an item, and how much they insist.
    private func wish(of item: Int) -> (middle: Double, weight: Double) {
        var sum = 0.0
        var weight = 0.0
        for neighbours in [graph.items[item].before, graph.items[item].after] {
            for other in neighbours {
                // A long line is kept straight before anything else.
                let isPassing = graph.items[item].box == nil && graph.items[other].box == nil
                let pull = (isPassing ? 8.0 : 1.0) / Double(max(1, neighbours.count))
                sum += middles[other] * pull
                weight += pull
            }
        }
        return weight == 0 ? (middles[item], 0.01) : (sum / weight, weight)
    }

    /// Puts a column where it is wished, in order and without overlap (pool adjacent violators).
    private mutating func settle(_ column: [Int], isLast: Bool) {
        struct Pool {
            var sum: Double
            var weight: Double
            var count: Int
            var mean: Double { sum / weight }
        }
        var offsets: [Double] = []
        var offset = 0.0
        var pools: [Pool] = []
        for (place, item) in column.enumerated() {
            if place > 0 { offset += (heights[column[place - 1]] + heights[item]) / 2 + gap }
            offsets.append(offset)
            let wish = wish(of: item)
            var pool = Pool(
                sum: (wish.middle - offset) * wish.weight,
                weight: wish.weight,
                count: 1
            )
            while let last = pools.last, last.mean > pool.mean {
                pool.sum += last.sum
                pool.weight += last.weight
                pool.count += last.count
                pools.removeLast()
            }
            pools.append(pool)
        }
        var place = 0
        for pool in pools {
            for _ in 0..<pool.count {
                let middle = pool.mean + offsets[place]
                middles[column[place]] = isLast ? Double(Int(middle)) : middle
                place += 1
            }
        }
    }
}
