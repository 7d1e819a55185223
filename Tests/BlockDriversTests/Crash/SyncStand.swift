import Glibc
import GraphModel
import RingLoop

@testable import BlockDrivers
@testable import BlockGraph

/// Images over disks that answer at once, asked from one thread: nothing ever waits.
// Not checked: it is used from one thread at a time; no request is in flight when it is handed on.
final class SyncStand: @unchecked Sendable {
    private let loop: EventLoop
    private let home = AccessLoop()
    private var ends: [Node] = []

    /// A stand whose loop is never started.
    init() throws {
        loop = try EventLoop(configuration: EventLoopConfiguration(name: "stand"))
    }

    /// An image that is open.
    struct Image {
        let description: NodeDescription
        let node: OpenQcow2
        let view: Node
        let engine: ImageEngine

        var sizeBytes: UInt64 { engine.sizeBytes }
    }

    /// Opens an image over a disk, a disk behind a filter, a data file, another image.
    func open(
        _ disk: ProbeDisk,
        data: ProbeDisk? = nil,
        over base: Image? = nil,
        behind rules: (settings: NodeDescription, node: any OpenNode)? = nil,
        isReadOnly: Bool = false,
        options: [(String, OptionValue)] = []
    ) throws -> Image {
        var records = ["disk": record(0, fileNode("/disk"), disk)]
        var children = [ChildReference(edge: "file", node: "disk")]
        var edges = [Edge(name: "file", target: view(disk, []))]
        if let rules {
            records["rules"] = record(1, rules.settings, rules.node)
            children = [ChildReference(edge: "file", node: "rules")]
            let image = Edge(name: "image", target: edges[0].targetNode)
            edges = [Edge(name: "file", target: view(rules.node, [image]))]
        }
        if let data {
            records["data"] = record(2, fileNode("/data"), data)
            children.append(ChildReference(edge: "data-file", node: "data"))
            edges.append(Edge(name: "data-file", target: view(data, [])))
        }
        if let base {
            records["base"] = record(3, base.description, base.node)
            children.append(ChildReference(edge: "backing", node: "base"))
            edges.append(Edge(name: "backing", target: base.view))
        }
        var description = node("qcow2", [("read-only", .flag(isReadOnly))] + options)
        description.children = children
        if base == nil { description.emptySlots = ["backing"] }
        var limits = ["file": try disk.limits(over: [:])]
        if let data { limits["data-file"] = try data.limits(over: [:]) }
        if let base { limits["backing"] = try base.node.limits(over: limits) }
        let forest = AccessForest()
        let plan = ChildAccessPlan(
            children: children.compactMap { child in
                forest.tree(child.node) { records[$0] }.map { (child.edge, $0) }
            },
            home: home,
            patience: .endless,
            mayHaveChanged: true
        )
        let opened = try Qcow2DriverKind().open(
            DriverOpening(
                node: description,
                children: limits,
                masks: isReadOnly ? NodeStack.reader : NodeStack.writer,
                baseDirectory: "/",
                access: plan
            )
        )
        try opened.node.begin(over: plan)
        guard let image = opened.node as? OpenQcow2 else {
            preconditionFailure("a qcow2 node is none")
        }
        let context = DriverContext(loop: loop, edges: edges)
        let view = view(image, edges)
        return Image(
            description: description,
            node: image,
            view: view,
            engine: image.engine(in: context)
        )
    }

    private func record(
        _ number: UInt64,
        _ description: NodeDescription,
        _ node: any OpenNode
    ) -> LiveGraph.Record {
        LiveGraph.Record(
            identity: NodeIdentity(number: number),
            description: description,
            node: node,
            limits: BlockLimits(sizeBytes: 0),
            masks: .idle
        )
    }

    private func view(_ node: any OpenNode, _ edges: [Edge]) -> Node {
        let view = Node(
            identity: NodeIdentity(number: UInt64(ends.count)),
            driver: node.makeDriver(in: DriverContext(loop: loop, edges: edges)),
            edges: edges
        )
        ends.append(view)
        return view
    }

    // MARK: - Requests

    /// Asks an image, and says how it ended.
    func ask(
        _ image: Image,
        _ operation: BlockOperation,
        _ offset: Int = 0,
        _ length: Int = 0,
        _ buffer: UnsafeMutableRawPointer? = nil,
        flags: RequestFlags = []
    ) -> BlockStatus {
        submit(operation, offset, length, buffer, flags) {
            image.view.driver.submit(BlockRequest($0))
        }
    }

    /// Has an image write what only it knows.
    func settle(_ image: Image) -> BlockStatus {
        submit(.flush, 0, 0, nil, []) { image.engine.settle($0) }
    }

    private func submit(
        _ operation: BlockOperation,
        _ offset: Int,
        _ length: Int,
        _ buffer: UnsafeMutableRawPointer?,
        _ flags: RequestFlags,
        to taker: (UnsafeMutablePointer<RequestSlot>) -> BlockStatus
    ) -> BlockStatus {
        let slot = UnsafeMutablePointer<RequestSlot>.allocate(capacity: 1)
        let extents = UnsafeMutablePointer<ExtentList>.allocate(capacity: 1)
        slot.initialize(to: RequestSlot(completion: { _ in }, owner: nil))
        extents.initialize(to: ExtentList())
        defer {
            extents.pointee.deallocate()
            extents.deallocate()
            slot.deallocate()
        }
        slot.pointee.operation = operation
        slot.pointee.offsetBytes = UInt64(offset)
        slot.pointee.lengthBytes = UInt64(length)
        slot.pointee.buffer = buffer
        slot.pointee.flags = flags
        slot.pointee.extents = extents
        slot.pointee.isParked = true
        let status = taker(slot)
        precondition(!status.isParked, "nobody answers this request")
        return status
    }

    /// Forgets all views.
    func clear() { ends = [] }
}
