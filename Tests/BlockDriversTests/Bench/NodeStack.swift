import BlockDrivers
import BlockGraph
import GraphModel

/// Open nodes, each over the one before; the last is the one to talk to.
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
        masks: EdgeMasks = NodeStack.writer
    ) throws(GraphError) {
        let kinds = DriverCatalog.kinds(throttleGroups: groups)
        for description in descriptions {
            guard let kind = kinds.first(where: { $0.name == description.driver }) else {
                preconditionFailure("no driver \(description.driver)")
            }
            var children: [String: BlockLimits] = [:]
            if let below = entries.last, let edge = description.children.first?.edge {
                children[edge] = below.limits
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
    over edge: String? = nil
) -> NodeDescription {
    NodeDescription(
        name: "\(driver)-node",
        driver: driver,
        options: Options(options),
        children: edge.map { [ChildReference(edge: $0, node: "below")] } ?? []
    )
}

/// A `file` node in few words.
func fileNode(_ path: String, _ options: [(String, OptionValue)] = []) -> NodeDescription {
    node("file", [("filename", .text(path))] + options)
}
