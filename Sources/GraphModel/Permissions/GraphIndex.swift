/// A graph with numbers in place of names: edges are arrays, so that a million nodes are walked in
/// a fraction of a second.
///
/// Nodes are numbered in the order of their names. References to nodes that are not there are left
/// out; whoever reads documents has reported them.
struct GraphIndex: Sendable {
    /// One edge.
    struct Edge: Sendable {
        /// Number of the parent node, or `-1 - number` of an export.
        let parent: Int32
        /// Number of the child node.
        let child: Int32
        /// Place in the parent's list of children; 0 for exports.
        let place: Int32
        /// What the child is to its parent.
        let role: ChildRole
    }

    private let order: NameOrder
    private let exportOrder: NameOrder
    private let graph: NumberedGraph
    /// Exports in the order of their names.
    let exports: [ExportDescription]
    /// Edges: those of node 0, of node 1, ..., then those of exports.
    let edges: [Edge]
    /// Where each node's edges begin; one more entry at the end, where those of exports begin.
    let starts: [Int32]

    init(_ description: GraphDescription) { self.init(NumberedGraph(description)) }

    init(_ graph: NumberedGraph) {
        self.graph = graph
        order = NameOrder(graph.nodes.map(\.name))
        exportOrder = NameOrder(graph.exports.map(\.name))
        exports = exportOrder.places.map { graph.exports[Int($0)] }
        // Children are listed in the order in which nodes were given, edges in that of names.
        var numbers = [Int32](repeating: 0, count: graph.nodes.count)
        for (number, place) in order.places.enumerated() { numbers[Int(place)] = Int32(number) }
        var firsts: [Int32] = []
        firsts.reserveCapacity(graph.nodes.count)
        var first: Int32 = 0
        for node in graph.nodes.indices {
            firsts.append(first)
            first += graph.childCounts[node]
        }
        var edges: [Edge] = []
        edges.reserveCapacity(graph.children.count + graph.exports.count)
        var starts: [Int32] = []
        starts.reserveCapacity(graph.nodes.count + 1)
        for (number, given) in order.places.lazy.map(Int.init).enumerated() {
            starts.append(Int32(edges.count))
            let roles = DriverRoles.of(graph.drivers[given])
            for place in 0..<Int(graph.childCounts[given]) {
                let child = graph.children[Int(firsts[given]) + place]
                guard child != NumberedGraph.missing else { continue }
                edges.append(
                    Edge(
                        parent: Int32(number),
                        child: numbers[Int(child)],
                        place: Int32(place),
                        role: roles.role(of: place, in: graph.nodes, given)
                    )
                )
            }
        }
        starts.append(Int32(edges.count))
        for (number, place) in exportOrder.places.enumerated() {
            let target = graph.targets[Int(place)]
            guard target != NumberedGraph.missing else { continue }
            edges.append(
                Edge(
                    parent: Int32(-1 - number),
                    child: numbers[Int(target)],
                    place: 0,
                    role: []
                )
            )
        }
        (self.edges, self.starts) = (edges, starts)
    }

    /// How many nodes there are.
    var count: Int { order.names.count }

    /// Names of nodes.
    var names: [String] { order.names }

    /// The number of a node; `nil` for an unknown one.
    func number(of name: String) -> Int? { order.number(of: name) }

    /// For each node, the number of the node of its name in another graph, or -1.
    func nodeNumbers(in other: GraphIndex) -> [Int32] { order.numbers(in: other.order) }

    /// For each export, the number of the export of its name in another graph, or -1.
    func exportNumbers(in other: GraphIndex) -> [Int32] {
        exportOrder.numbers(in: other.exportOrder)
    }

    /// A node.
    func node(_ number: Int) -> NodeDescription { graph.nodes[Int(order.places[number])] }

    /// What matters of a node to every edge.
    func traits(_ number: Int) -> NumberedGraph.Traits {
        graph.traits[Int(order.places[number])]
    }

    /// The place of a node's driver in the catalog, or a number beyond it.
    func driverNumber(_ number: Int) -> UInt8 { graph.drivers[Int(order.places[number])] }

    /// A node's driver; `nil` for an unknown one.
    func driver(_ number: Int) -> DriverSpecification? {
        let driver = Int(driverNumber(number))
        return driver < Catalog.drivers.count ? Catalog.drivers[driver] : nil
    }

    /// Places in `edges` of a node's edges to its children.
    func children(of node: Int) -> Range<Int> { Int(starts[node])..<Int(starts[node + 1]) }

    /// Places in `edges` of the exports' edges.
    var exportEdges: Range<Int> { Int(starts[count])..<edges.count }

    /// The object above an edge, as in JSON.
    func parentObject(of edge: Edge) -> String {
        edge.parent < 0
            ? ObjectKind.export.object(exports[Int(-1 - edge.parent)].name)
            : ObjectKind.node.object(names[Int(edge.parent)])
    }

    /// The name of an edge.
    func name(of edge: Edge) -> String {
        edge.parent < 0 ? "root" : node(Int(edge.parent)).children[Int(edge.place)].edge
    }

    /// Numbers of nodes, each after all its parents; nodes on or below a cycle are missing.
    func parentsFirst() -> [Int32] {
        var waiting = [Int32](repeating: 0, count: count)
        for edge in edges where edge.parent >= 0 { waiting[Int(edge.child)] += 1 }
        var order: [Int32] = []
        order.reserveCapacity(count)
        for number in 0..<count where waiting[number] == 0 { order.append(Int32(number)) }
        var next = 0
        while next < order.count {
            for place in children(of: Int(order[next])) {
                let child = Int(edges[place].child)
                waiting[child] -= 1
                if waiting[child] == 0 { order.append(Int32(child)) }
            }
            next += 1
        }
        return order
    }

    /// Places of each node's edges from its parents, in ascending order.
    func edgesByChild() -> [[Int32]] {
        var parents = [[Int32]](repeating: [], count: count)
        for (place, edge) in edges.enumerated() { parents[Int(edge.child)].append(Int32(place)) }
        return parents
    }
}

/// Roles of a driver's children, asked a million times.
private struct DriverRoles {
    private let driver: DriverSpecification?
    /// The role of every child, when the driver has one slot and no rule.
    private let only: ChildRole?

    private static let all = Catalog.drivers.map { DriverRoles($0) }
    private static let unknown = DriverRoles(nil)

    private init(_ driver: DriverSpecification?) {
        self.driver = driver
        let isSimple = driver?.roleRule == nil && driver?.slots.count == 1
        only = isSimple ? driver?.slots.first?.role : nil
    }

    static func of(_ number: UInt8) -> DriverRoles {
        Int(number) < all.count ? all[Int(number)] : unknown
    }

    func role(of place: Int, in nodes: [NodeDescription], _ number: Int) -> ChildRole {
        if let only { return only }
        let node = nodes[number]
        return driver?.role(edge: node.children[place].edge, of: node) ?? .filter
    }
}
