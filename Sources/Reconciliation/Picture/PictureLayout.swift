import GraphModel

/// Where everything in a picture stands: columns from the exports at the left to the images at the
/// right, rows of things that hang together below each other.
struct PictureLayout {
    /// A box on the page.
    struct PlacedBox {
        let box: GraphPicture.Box
        let text: BoxText
        let left: Double
        let top: Double
        let width: Double
        let height: Double
        var middle: Double { top + height / 2 }
    }

    /// A line on the page: where it leaves, what it passes, where it arrives.
    struct PlacedLine {
        let line: GraphPicture.Line
        /// Ends of straight pieces; between two pieces the line bends.
        let pieces: [(from: Point, to: Point)]
        /// Where its words begin.
        let words: Point
    }

    /// A point on the page, in pixels from the upper left.
    struct Point: Hashable {
        let x: Double
        let y: Double
    }

    /// Height of a row of ports.
    static let portGap = 16.0
    private static let boxGap = 16.0
    private static let groupGap = 26.0
    private static let bend = 46.0
    private static let passHeight = 14.0

    private(set) var boxes: [PlacedBox] = []
    private(set) var lines: [PlacedLine] = []
    private(set) var width = 0.0
    private(set) var height = 0.0

    /// Lays out a picture.
    init(_ picture: GraphPicture) {
        let boxes = picture.boxes
        let numbers = Dictionary(
            boxes.enumerated().map { ($1.object, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        let lines = picture.lines.compactMap { line -> Numbered? in
            guard let from = numbers[line.parent], let to = numbers[line.child], from != to else {
                return nil
            }
            return Numbered(line: line, from: from, to: to)
        }
        let texts = boxes.map { BoxText($0) }
        var groups: [Group] = []
        let hasExports = boxes.contains { $0.family == .export }
        for members in Self.groups(count: boxes.count, lines) {
            groups.append(
                Group(members, boxes: boxes, texts: texts, lines, hasExports: hasExports)
            )
        }
        let grid = Grid(groups, texts: texts, picture: picture)
        var top = 0.0
        for group in groups {
            place(group, boxes, texts, grid, top: top)
            top += group.height + Self.groupGap
        }
        width = grid.width
        height = max(0, top - Self.groupGap)
    }

    /// A line by the numbers of its ends.
    private struct Numbered {
        let line: GraphPicture.Line
        let from: Int
        let to: Int
    }

    /// Boxes that hang together, in columns.
    private struct Group {
        let members: [Int]
        let graph: LayerGraph
        let lines: [Numbered]
        let middles: [Double]
        let heights: [Double]
        let height: Double

        init(
            _ members: [Int],
            boxes: [GraphPicture.Box],
            texts: [BoxText],
            _ all: [Numbered],
            hasExports: Bool
        ) {
            var places: [Int: Int] = [:]
            for (place, member) in members.enumerated() { places[member] = place }
            lines = all.filter { places[$0.from] != nil }
            self.members = members
            var graph = LayerGraph(
                count: members.count,
                lines: lines.map { (places[$0.from] ?? 0, places[$0.to] ?? 0) },
                // A node that nobody uses is no export: it stands where nodes stand.
                rootLayer: { hasExports && boxes[members[$0]].family != .export ? 1 : 0 }
            )
            graph.columns = LayerOrdering.columns(of: graph)
            heights = graph.items.map { item in
                guard let box = item.box else { return PictureLayout.passHeight }
                let ports = Double(item.after.count) * PictureLayout.portGap + 4
                return max(texts[members[box]].height, ports)
            }
            middles = LayerPlacement.middles(
                of: graph,
                columns: graph.columns,
                heights: heights,
                gap: PictureLayout.boxGap
            )
            height = zip(middles, heights).map { $0 + $1 / 2 }.max() ?? 0
            self.graph = graph
        }
    }

    /// Columns that all groups share.
    private struct Grid {
        var lefts: [Double] = []
        var widths: [Double] = []
        let width: Double

        init(_ groups: [Group], texts: [BoxText], picture: GraphPicture) {
            let count = groups.map(\.graph.columns.count).max() ?? 0
            var widths = [Double](repeating: BoxText.widthMin, count: count)
            var words = [Double](repeating: 0, count: count)
            for group in groups {
                for item in group.graph.items {
                    guard let box = item.box else { continue }
                    widths[item.layer] = max(widths[item.layer], texts[group.members[box]].width)
                }
                for (line, way) in zip(group.lines, group.graph.ways) {
                    guard let first = way.first else { continue }
                    let layer = group.graph.items[first].layer
                    let length = BoxText.smallWidth(of: line.line.words(isPlain: false))
                    words[layer] = max(words[layer], length + 12)
                }
            }
            var left = 0.0
            for (width, length) in zip(widths, words) {
                lefts.append(left)
                left += width + length + (length > 0 ? PictureLayout.bend : 0)
            }
            self.widths = widths
            width = (lefts.last ?? 0) + (widths.last ?? 0)
        }
    }

    /// Boxes that hang together, in the order of their first boxes.
    private static func groups(count: Int, _ lines: [Numbered]) -> [[Int]] {
        var roots = Array(0..<count)
        func root(of box: Int) -> Int {
            var box = box
            while roots[box] != box { box = roots[box] }
            return box
        }
        for line in lines {
            let (from, to) = (root(of: line.from), root(of: line.to))
            roots[max(from, to)] = min(from, to)
        }
        var members = [[Int]](repeating: [], count: count)
        for box in 0..<count { members[root(of: box)].append(box) }
        return members.filter { !$0.isEmpty }
    }

    private mutating func place(
        _ group: Group,
        _ all: [GraphPicture.Box],
        _ texts: [BoxText],
        _ grid: Grid,
        top: Double
    ) {
        for (place, member) in group.members.enumerated() {
            let layer = group.graph.items[place].layer
            boxes.append(
                PlacedBox(
                    box: all[member],
                    text: texts[member],
                    left: grid.lefts[layer],
                    top: top + group.middles[place] - group.heights[place] / 2,
                    width: grid.widths[layer],
                    height: group.heights[place]
                )
            )
        }
        let ports = Self.ports(of: group)
        for (number, (line, way)) in zip(group.lines, group.graph.ways).enumerated() {
            lines.append(
                Self.placed(line, way, group, grid, top: top, port: ports[number])
            )
        }
    }

    /// How far below its box's middle each line leaves, so that lines of one box do not cross.
    private static func ports(of group: Group) -> [Double] {
        var leaving: [Int: [Int]] = [:]
        for (number, way) in group.graph.ways.enumerated() where !way.isEmpty {
            leaving[way[0], default: []].append(number)
        }
        var ports = [Double](repeating: 0, count: group.graph.ways.count)
        for numbers in leaving.values {
            let sorted = numbers.sorted { left, right in
                let (one, other) = (group.graph.ways[left][1], group.graph.ways[right][1])
                return (group.middles[one], left) < (group.middles[other], right)
            }
            for (place, number) in sorted.enumerated() {
                ports[number] = (Double(place) - Double(sorted.count - 1) / 2) * portGap
            }
        }
        return ports
    }

    private static func placed(
        _ line: Numbered,
        _ way: [Int],
        _ group: Group,
        _ grid: Grid,
        top: Double,
        port: Double
    ) -> PlacedLine {
        let items = group.graph.items
        func left(_ item: Int) -> Double { grid.lefts[items[item].layer] }
        func right(_ item: Int) -> Double { left(item) + grid.widths[items[item].layer] }
        let start = Point(x: right(way[0]), y: top + group.middles[way[0]] + port)
        let words = BoxText.smallWidth(of: line.line.words(isPlain: false))
        var pieces = [(from: start, to: Point(x: start.x + words + 12, y: start.y))]
        for item in way.dropFirst().dropLast() {
            let height = top + group.middles[item]
            pieces.append((Point(x: left(item), y: height), Point(x: right(item), y: height)))
        }
        let last = way[way.count - 1]
        let end = Point(x: left(last), y: top + group.middles[last])
        pieces.append((Point(x: end.x - 8, y: end.y), end))
        // Turned round for the layout: the arrow is at the other end.
        let isTurned = group.members[items[way[0]].box ?? 0] != line.from
        return PlacedLine(
            line: line.line,
            pieces: isTurned ? pieces.reversed().map { ($0.to, $0.from) } : pieces,
            words: Point(x: start.x + 7, y: start.y - 4)
        )
    }
}
