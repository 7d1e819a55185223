/// Nodes and exports as lists that refer to each other by number.
///
/// Who reads documents knows the numbers already; whoever has only names looks them up once.
package struct NumberedGraph: Sendable {
    /// What matters of a node to every edge to it and from it.
    package struct Traits: OptionSet, Sendable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Nothing may write through it.
        package static let readOnly = Traits(rawValue: 1 << 0)
        /// It lets others do anything.
        package static let forceShare = Traits(rawValue: 1 << 1)
    }

    /// The number of what is not there.
    package static let missing: Int32 = -1
    /// The driver of a node whose driver is not known.
    static let unknownDriver = UInt8.max

    private(set) var nodes: [NodeDescription] = []
    private(set) var drivers: [UInt8] = []
    private(set) var traits: [Traits] = []
    /// How many children each node has: so many are asked in a row, and each node is elsewhere.
    private(set) var childCounts: [Int32] = []
    /// Numbers of all nodes' children, those of node 0 first.
    private(set) var children: [Int32] = []
    private(set) var exports: [ExportDescription] = []
    /// Numbers of the exports' nodes.
    private(set) var targets: [Int32] = []

    /// No nodes.
    package init() {}

    /// Makes room for nodes and exports.
    package mutating func reserve(_ count: Int, exports exportCount: Int) {
        nodes.reserveCapacity(count)
        drivers.reserveCapacity(count)
        traits.reserveCapacity(count)
        childCounts.reserveCapacity(count)
        children.reserveCapacity(count)
        exports.reserveCapacity(exportCount)
        targets.reserveCapacity(exportCount)
    }

    /// Adds a node, with the place of its driver in the catalog.
    ///
    /// - Returns: Its number.
    package mutating func add(_ node: NodeDescription, driver: Int, traits: Traits) -> Int32 {
        nodes.append(node)
        drivers.append(UInt8(clamping: driver))
        self.traits.append(traits)
        childCounts.append(Int32(node.children.count))
        return Int32(nodes.count - 1)
    }

    /// Some nodes, as they were added one after the other.
    package struct Part: Sendable {
        fileprivate let nodes: [NodeDescription]
        fileprivate let drivers: [UInt8]
        fileprivate let traits: [Traits]
        fileprivate let childCounts: [Int32]
    }

    /// How many nodes were added.
    package var nodeCount: Int { nodes.count }

    /// The nodes that were added since there were so many.
    package func part(since count: Int) -> Part {
        Part(
            nodes: Array(nodes[count...]),
            drivers: Array(drivers[count...]),
            traits: Array(traits[count...]),
            childCounts: Array(childCounts[count...])
        )
    }

    /// Adds nodes.
    ///
    /// - Returns: The number of the first; the others follow.
    package mutating func add(_ part: Part) -> Int32 {
        defer {
            nodes += part.nodes
            drivers += part.drivers
            traits += part.traits
            childCounts += part.childCounts
        }
        return Int32(nodes.count)
    }

    /// Adds the number of a child of a node, in the order of nodes and then of their children.
    package mutating func add(child: Int32) { children.append(child) }

    /// Adds an export with its node's number.
    package mutating func add(_ export: ExportDescription, target: Int32) {
        exports.append(export)
        targets.append(target)
    }

    /// The graph of a description.
    init(_ description: GraphDescription) {
        nodes = Array(description.nodes.values)
        var numbers: [String: Int32] = [:]
        numbers.reserveCapacity(nodes.count)
        for (number, node) in nodes.enumerated() { numbers[node.name] = Int32(number) }
        for node in nodes {
            drivers.append(Catalog.number(of: node.driver).map { UInt8(clamping: $0) } ?? .max)
            var traits: Traits = node.isReadOnly ? .readOnly : []
            if node.options.flag("force-share") == true { traits.insert(.forceShare) }
            self.traits.append(traits)
            childCounts.append(Int32(node.children.count))
            for child in node.children { children.append(numbers[child.node] ?? Self.missing) }
        }
        for export in description.exports.values {
            add(export, target: numbers[export.node] ?? Self.missing)
        }
    }
}
