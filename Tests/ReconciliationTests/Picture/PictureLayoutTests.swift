import GraphModel
@testable import Reconciliation
import Testing

/// A configuration of chains, some of which share a backing.
private func chains(_ count: Int) -> String {
    var nodes = "  golden: {driver: qcow2, file: {driver: null-co}, backing: null}\n"
    var exports = ""
    for number in 0..<count {
        nodes += "  t\(number): {driver: raw, file: q\(number)}\n"
        nodes +=
            "  q\(number): {driver: qcow2, file: {driver: null-co}, backing: "
            + (number % 3 == 0 ? "golden" : "null") + "}\n"
        exports += "  e\(number): {type: nbd, node: t\(number)}\n"
    }
    return "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:s\"}}\nnodes:\n" + nodes
        + "exports:\n" + exports
}

@Suite("The layout of a picture")
struct PictureLayoutTests {
    @Test("no two boxes overlap and no line leads backwards", arguments: [1, 3, 15, 60])
    func boxes(count: Int) throws {
        let graph = try #require(read(chains(count)).resolved)
        let picture = GraphPicture(of: graph)
        let layout = PictureLayout(picture)
        #expect(layout.boxes.count == picture.boxes.count)
        #expect(layout.lines.count == picture.lines.count)
        let byColumn = Dictionary(grouping: layout.boxes, by: \.left)
        for column in byColumn.values {
            let sorted = column.sorted { $0.top < $1.top }
            for (upper, lower) in zip(sorted, sorted.dropFirst()) {
                #expect(upper.top + upper.height < lower.top)
            }
        }
        for box in layout.boxes {
            #expect(box.left >= 0 && box.left + box.width <= layout.width + 0.5)
            #expect(box.top >= 0 && box.top + box.height <= layout.height + 0.5)
            if box.box.family == .export { #expect(box.left == 0) }
        }
        for line in layout.lines {
            let ends = line.pieces.flatMap { [$0.from.x, $0.to.x] }
            #expect(ends == ends.sorted())
        }
    }

    @Test("a chain is a straight row")
    func straight() throws {
        let graph = try #require(read(chains(1)).resolved)
        let picture = GraphPicture(of: graph)
        let whole = try #require(picture.around("node/t0", steps: 1))
        let layout = PictureLayout(whole)
        let middles = Set(layout.boxes.map { $0.top + $0.height / 2 })
        #expect(middles.count == 1)
    }

    @Test("columns are ordered so that lines which need not cross do not")
    func crossings() {
        // a -> y, b -> x: the walk meets y first, so that nothing crosses.
        var graph = LayerGraph(count: 4, lines: [(0, 3), (1, 2)], rootLayer: { _ in 0 })
        graph.columns = LayerOrdering.columns(of: graph)
        #expect(graph.columns == [[0, 1], [3, 2]])
        // A line over two columns passes the one between.
        let long = LayerGraph(count: 3, lines: [(0, 1), (1, 2), (0, 2)], rootLayer: { _ in 0 })
        #expect(long.columns.map(\.count) == [1, 2, 1])
        #expect(long.ways.map(\.count) == [2, 2, 3])
    }
}
