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

    /// Names of nodes.
    let names: [String]
    /// Numbers of nodes.
    let numbers: [String: Int32]
    /// The nodes.
    let nodes: [NodeDescription]
    /// Drivers of the nodes; `nil` for an unknown one.
    let drivers: [DriverSpecification?]
    /// Exports in the order of their names.
    let exports: [ExportDescription]
    /// Edges: those of node 0, of node 1, ..., then those of exports.
    let edges: [Edge]
    /// Where each node's edges begin; one more entry at the end, where those of exports begin.
    let starts: [Int32]

    init(_ description: GraphDescription) {
        let names = description.nodes.keys.sorted()
        var numbers: [String: Int32] = [:]
        numbers.reserveCapacity(names.count)
        for (number, name) in names.enumerated() { numbers[name] = Int32(number) }
        let nodes = names.compactMap { description.nodes[$0] }
        var drivers: [DriverSpecification?] = []
        drivers.reserveCapacity(nodes.count)
        var edges: [Edge] = []
        edges.reserveCapacity(nodes.count + description.exports.count)
        var starts: [Int32] = []
        starts.reserveCapacity(nodes.count + 1)
        for (number, node) in nodes.enumerated() {
            let driver = Catalog.driver(node.driver)
            drivers.append(driver)
            starts.append(Int32(edges.count))
            for (place, child) in node.children.enumerated() {
                guard let target = numbers[child.node] else { continue }
                edges.append(
                    Edge(
                        parent: Int32(number),
                        child: target,
                        place: Int32(place),
                        role: driver?.role(edge: child.edge, of: node) ?? .filter
                    )
                )
            }
        }
        starts.append(Int32(edges.count))
        let exports = description.exports.values.sorted { $0.name < $1.name }
        for (number, export) in exports.enumerated() {
            guard let target = numbers[export.node] else { continue }
            edges.append(
                Edge(parent: Int32(-1 - number), child: target, place: 0, role: [])
            )
        }
        (self.names, self.numbers, self.nodes) = (names, numbers, nodes)
        (self.drivers, self.exports, self.edges, self.starts) = (drivers, exports, edges, starts)
    }

    /// Places in `edges` of a node's edges to its children.
    func children(of node: Int) -> Range<Int> { Int(starts[node])..<Int(starts[node + 1]) }

    /// Places in `edges` of the exports' edges.
    var exportEdges: Range<Int> { Int(starts[names.count])..<edges.count }

    /// The object above an edge, as in JSON.
    func parentObject(of edge: Edge) -> String {
        edge.parent < 0
            ? ObjectKind.export.object(exports[Int(-1 - edge.parent)].name)
            : ObjectKind.node.object(names[Int(edge.parent)])
    }

    /// The name of an edge.
    func name(of edge: Edge) -> String {
        edge.parent < 0 ? "root" : nodes[Int(edge.parent)].children[Int(edge.place)].edge
    }

    /// Numbers of nodes, each after all its parents; nodes on or below a cycle are missing.
    func parentsFirst() -> [Int32] {
        var waiting = [Int32](repeating: 0, count: names.count)
        for edge in edges where edge.parent >= 0 { waiting[Int(edge.child)] += 1 }
        var order: [Int32] = []
        order.reserveCapacity(names.count)
        for number in 0..<names.count where waiting[number] == 0 { order.append(Int32(number)) }
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
        var parents = [[Int32]](repeating: [], count: names.count)
        for (place, edge) in edges.enumerated() { parents[Int(edge.child)].append(Int32(place)) }
        return parents
    }
}
