import BlockDrivers
import BlockGraph
import GraphModel

/// Open nodes, each over earlier ones that it names, or over the one before; the last is the one to
/// talk to.
struct NodeStack: Sendable {
    /// One node.
    struct Entry: Sendable {
        let description: NodeDescription
        let node: any OpenNode
        let limits: BlockLimits
        let creation: (any PreparedChange)?
    }

    var entries: [Entry] = []

    /// What a writer above uses and shares.
    static let writer = EdgeMasks(
        used: [.consistentRead, .write],
        shared: [.consistentRead, .write, .writeUnchanged]
    )
    /// What a reader above uses and shares.
    static let reader = EdgeMasks(
        used: .consistentRead,
        shared: [.consistentRead, .write, .writeUnchanged]
    )

    /// Opens nodes, lowest first.
    init(
        _ descriptions: [NodeDescription],
        groups: ThrottleGroups = ThrottleGroups(),
        masks: EdgeMasks = NodeStack.writer,
        kinds: [any BlockDriverKind] = []
    ) throws(GraphError) {
        let kinds = kinds + DriverCatalog.kinds(throttleGroups: groups)
        for description in descriptions {
            guard let kind = kinds.first(where: { $0.name == description.driver }) else {
                preconditionFailure("no driver \(description.driver)")
            }
            var children: [String: BlockLimits] = [:]
            for child in description.children {
                children[child.edge] = place(of: child).map { entries[$0].limits }
            }
            if let name = description.options.text("bottom") {
                children["bottom"] = entries.last { $0.description.name == name }?.limits
            }
            let opened = try kind.open(
                DriverOpening(
                    node: description,
                    children: children,
                    masks: masks,
                    baseDirectory: "/"
                )
            )
            let limits = try opened.node.limits(over: children)
            entries.append(
                Entry(
                    description: description,
                    node: opened.node,
                    limits: limits,
                    creation: opened.creation
                )
            )
        }
    }

    /// Which entry a child is, of those so far.
    func place(of child: ChildReference) -> Int? {
        entries.lastIndex { $0.description.name == child.node }
            ?? (entries.isEmpty ? nil : entries.count - 1)
    }

    /// Has nodes read what must be fresh, as a transaction does before its commit.
    func begin() throws(GraphError) {
        for entry in entries { try entry.node.begin(over: access(of: entry)) }
    }

    /// Has nodes write what only they know, as a transaction does after its drain.
    func settle() throws(GraphError) {
        for entry in entries.reversed() { try entry.node.settle(over: access(of: entry)) }
    }

    private func access(of entry: Entry) -> ChildAccessPlan {
        ChildAccessPlan(
            entry.description.children.compactMap { child in
                place(of: child).map {
                    (child.edge, entries[$0].description, entries[$0].node)
                }
            }
        )
    }

    /// Limits of the last node.
    var limits: BlockLimits { entries.last?.limits ?? BlockLimits(sizeBytes: 0) }

    /// Closes all nodes, the last first.
    func close() {
        for entry in entries.reversed() { _ = entry.node.close() }
    }
}

/// A node in few words.
func node(
    _ driver: String,
    _ options: [(String, OptionValue)] = [],
    over edge: String? = nil,
    children: [(edge: String, node: String)] = [],
    named name: String? = nil
) -> NodeDescription {
    let below = edge.map { [(edge: $0, node: "below")] } ?? children
    return NodeDescription(
        name: name ?? "\(driver)-node",
        driver: driver,
        options: Options(options),
        children: below.map { ChildReference(edge: $0.edge, node: $0.node) }
    )
}

/// A `file` node in few words.
func fileNode(
    _ path: String,
    _ options: [(String, OptionValue)] = [],
    named name: String? = nil
) -> NodeDescription {
    node("file", [("filename", .text(path))] + options, named: name)
}
