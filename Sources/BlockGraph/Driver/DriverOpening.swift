package import GraphModel

/// What a driver gets to open a node, or to prepare a change of one.
package struct DriverOpening: Sendable {
    /// The node, with effective options.
    package let node: NodeDescription
    /// Limits of the children, by edge name, and of nodes below that options name, by the option.
    package let children: [String: BlockLimits]
    /// What all parents together use and share.
    package let masks: EdgeMasks
    /// Directory that relative file names start from.
    package let baseDirectory: String
    /// The way to the children, for formats, which read and write them while they open.
    package let access: ChildAccessPlan?

    /// An opening.
    package init(
        node: NodeDescription,
        children: [String: BlockLimits],
        masks: EdgeMasks,
        baseDirectory: String,
        access: ChildAccessPlan? = nil
    ) {
        self.node = node
        self.children = children
        self.masks = masks
        self.baseDirectory = baseDirectory
        self.access = access
    }

    /// An absolute path for a file name of the configuration.
    package func path(_ filename: String) -> String {
        filename.hasPrefix("/") ? filename : baseDirectory + "/" + filename
    }
}

/// A driver that can be opened: its name, and how.
package protocol BlockDriverKind: Sendable {
    /// Name of the driver, as in its specification.
    var name: String { get }

    /// Opens a node; may wait for files and servers, and is never called on a loop.
    ///
    /// Files that it created on the way are in ``NodeOpening/creation``, so that an abort can remove
    /// them.
    func open(_ opening: DriverOpening) throws(GraphError) -> NodeOpening
}

/// A node that was opened, and how to unmake what opening it made.
package struct NodeOpening: Sendable {
    /// The open node.
    package let node: any OpenNode
    /// What opening created and an abort removes, if anything.
    package let creation: (any PreparedChange)?

    /// An opening that succeeded.
    package init(node: any OpenNode, creation: (any PreparedChange)? = nil) {
        self.node = node
        self.creation = creation
    }
}
