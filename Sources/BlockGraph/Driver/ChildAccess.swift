package import GraphModel
internal import RingLoop

/// How a driver reaches its children while it opens or settles: nothing is started before it asks.
package struct ChildAccessPlan: Sendable {
    private let children: [(edge: String, tree: AccessTree)]
    private let home: AccessLoop
    private let patience: AccessPatience
    /// Whether children may hold something else than when the node was opened or prepared, because
    /// what was served over them has settled since.
    package let mayHaveChanged: Bool

    init(
        children: [(edge: String, tree: AccessTree)],
        home: AccessLoop,
        patience: AccessPatience,
        mayHaveChanged: Bool
    ) {
        self.children = children
        self.home = home
        self.patience = patience
        self.mayHaveChanged = mayHaveChanged
    }

    /// A plan for children that have none themselves, outside of any graph.
    package init(_ leaves: [(edge: String, description: NodeDescription, node: any OpenNode)]) {
        children = leaves.enumerated().map { number, leaf in
            let record = LiveGraph.Record(
                identity: NodeIdentity(number: UInt64(number)),
                description: leaf.description,
                node: leaf.node,
                limits: BlockLimits(sizeBytes: 0),
                masks: .idle
            )
            return (leaf.edge, AccessTree(record: record, children: []))
        }
        home = AccessLoop()
        patience = .endless
        mayHaveChanged = true
    }

    /// Until when one request may take that is made now, in nanoseconds of the monotonic clock.
    package var deadlineNanoseconds: UInt64 { patience.end }

    /// Makes views of some children, on a loop of the transaction's own.
    ///
    /// - Throws: ``GraphError`` when a child cannot have a second view, or for lack of a thread.
    package func open(_ edges: Set<String>) throws(GraphError) -> ChildAccess {
        var order: [AccessTree] = []
        var found: Set<NodeIdentity> = []
        let top = children.filter { edges.contains($0.edge) }
        var walk = top.map { (tree: $0.tree, isDone: false) }
        while let (tree, isDone) = walk.popLast() {
            if isDone {
                order.append(tree)
            } else if found.insert(tree.record.identity).inserted {
                guard !tree.record.node.livesOnOneLoop else { throw occupied(tree) }
                walk.append((tree, true))
                walk += tree.children.map { ($0.tree, false) }
            }
        }
        let stage = AccessStage(loop: try home.loop(), patience: patience)
        let views = order.map { tree in
            AccessStage.View(
                identity: tree.record.identity,
                node: tree.record.node,
                ends: tree.children.map { ($0.edge, $0.tree.record.identity) }
            )
        }
        try stage.build(views, top: top.map { ($0.edge, $0.tree.record.identity) })
        return ChildAccess(stage: stage, home: home)
    }

    /// The file name of the image that a child shows, through filters, and that image's driver.
    package func origin(of edge: String) -> (driver: String, filename: String?)? {
        var tree = children.first { $0.edge == edge }?.tree
        while let found = tree {
            let node = found.record.description
            guard let next = Catalog.driver(node.driver)?.passedChild(of: node) else {
                return (node.driver, filename(of: found))
            }
            tree = found.child(named: next)
        }
        return nil
    }

    /// Size of a child now, in bytes; a file may be longer than when it was opened.
    package func sizeBytes(of edge: String) -> UInt64 {
        guard let holder = holder(of: edge) else { return 0 }
        return holder.node.currentSizeBytes ?? holder.limits.sizeBytes
    }

    /// Takes back by how much a child grew, when a transaction is undone that had it grow.
    package func shrink(_ edge: String, toBytes sizeBytes: UInt64) {
        guard let holder = holder(of: edge), let now = holder.node.currentSizeBytes,
            now > sizeBytes
        else { return }
        holder.node.shrink(toBytes: sizeBytes)
    }

    /// The node whose size a child shows, through filters.
    private func holder(of edge: String) -> LiveGraph.Record? {
        var tree = children.first { $0.edge == edge }?.tree
        while let found = tree {
            let record = found.record
            guard record.node.currentSizeBytes == nil,
                let next = record.description.filteredChild
            else { return record }
            tree = found.child(named: next)
        }
        return nil
    }

    private func filename(of tree: AccessTree) -> String? {
        if let filename = tree.record.description.options.text("filename") { return filename }
        let file = tree.children.first { $0.edge == "file" }?.tree
        return file?.record.description.options.text("filename")
    }

    private func occupied(_ tree: AccessTree) -> GraphError {
        let name = tree.record.description.name
        return GraphError(
            code: .openFailed,
            object: "node/\(name)",
            reason: "node \(name) lives on one I/O thread and cannot be read from another while "
                + "a node above it is opened; put the image into a file node"
        )
    }
}

extension NodeDescription {
    /// The child whose bytes a filter shows, whether or not the filter keeps something about them.
    var filteredChild: String? {
        guard let driver = Catalog.driver(driver) else { return nil }
        return children.first {
            driver.role(edge: $0.edge, of: self)?.contains(.filtered) == true
        }?.node
    }
}

/// Blocking requests to children, for the control plane; never on a loop.
package final class ChildAccess: Sendable {
    private let stage: AccessStage
    /// Keeps the loop running.
    private let home: AccessLoop

    /// Longest piece of one request, in bytes.
    private static let pieceBytesMax = 1 << 20
    /// Longest range of one request for zeroes, in bytes: what any disk does in a moment.
    private static let zeroedBytesMax: UInt64 = 64 << 20

    init(stage: AccessStage, home: AccessLoop) {
        self.stage = stage
        self.home = home
    }

    deinit {
        if stage.isBusy { home.keep(stage) } else { stage.takeDown() }
    }

    /// Reads bytes of a child; none behind its end may be asked for.
    ///
    /// - Returns: 0, or a positive Linux error number.
    package func read(
        _ edge: String,
        at offsetBytes: UInt64,
        into buffer: UnsafeMutableRawBufferPointer
    ) -> Int32 {
        transfer(.read, edge, offsetBytes, buffer)
    }

    /// Writes bytes of a child, also behind its end where it can grow.
    ///
    /// - Returns: 0, or a positive Linux error number.
    package func write(
        _ edge: String,
        at offsetBytes: UInt64,
        _ bytes: UnsafeRawBufferPointer
    ) -> Int32 {
        transfer(.write, edge, offsetBytes, UnsafeMutableRawBufferPointer(mutating: bytes))
    }

    /// Makes durable what was written to a child.
    ///
    /// - Returns: 0, or a positive Linux error number.
    package func flush(_ edge: String) -> Int32 {
        stage.perform(
            AccessCall(.flush, offsetBytes: 0, lengthBytes: 0, hasBuffer: false),
            on: edge
        )
    }

    /// Has a range of a child read as zeroes, allocated.
    ///
    /// - Returns: 0, or a positive Linux error number.
    package func writeZeroes(
        _ edge: String,
        at offsetBytes: UInt64,
        lengthBytes: UInt64
    ) -> Int32 {
        var done: UInt64 = 0
        while done < lengthBytes {
            let length = min(lengthBytes - done, Self.zeroedBytesMax)
            let result = stage.perform(
                AccessCall(
                    .writeZeroes,
                    offsetBytes: offsetBytes + done,
                    lengthBytes: length,
                    hasBuffer: false
                ),
                on: edge
            )
            guard result == 0 else { return result }
            done += length
        }
        return 0
    }

    private func transfer(
        _ operation: BlockOperation,
        _ edge: String,
        _ offsetBytes: UInt64,
        _ buffer: UnsafeMutableRawBufferPointer
    ) -> Int32 {
        var done = 0
        while done < buffer.count {
            let length = min(buffer.count - done, Self.pieceBytesMax)
            let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + length])
            let call = AccessCall(
                operation,
                offsetBytes: offsetBytes + UInt64(done),
                lengthBytes: UInt64(length),
                hasBuffer: true
            )
            if operation == .write { call.buffer?.copyMemory(from: UnsafeRawBufferPointer(piece)) }
            let result = stage.perform(call, on: edge)
            guard result == 0 else { return result }
            if operation == .read, let bytes = call.buffer {
                piece.copyMemory(from: UnsafeRawBufferPointer(bytes))
            }
            done += length
        }
        return 0
    }
}
