import Glibc
import GraphModel
import RingLoop

@testable import BlockDrivers
@testable import BlockGraph

/// One loop and one thread for all images.
struct FuzzStand: @unchecked Sendable {
    // Not checked: libFuzzer calls from one thread only.
    static let shared = FuzzStand()

    private let loop: EventLoop
    private let home = AccessLoop()

    init?() {
        let configuration = EventLoopConfiguration(name: "fuzz")
        guard let loop = try? EventLoop(configuration: configuration) else { return nil }
        self.loop = loop
    }

    private func plan(_ disk: ProbeDisk, _ file: NodeDescription) -> ChildAccessPlan {
        let record = LiveGraph.Record(
            identity: NodeIdentity(number: 0),
            description: file,
            node: disk,
            limits: BlockLimits(sizeBytes: 0),
            masks: .idle
        )
        return ChildAccessPlan(
            children: [("file", AccessTree(record: record, children: []))],
            home: home,
            patience: .endless,
            mayHaveChanged: true
        )
    }

    /// Opens an image and asks it for everything.
    func serve(_ image: UnsafeRawBufferPointer, how: UInt8) {
        let disk = ProbeDisk(capacity: image.count + 8 << 20)
        disk.replace(image)
        let isReadOnly = how & 1 != 0
        let file = fileNode("/file")
        var options: [(String, OptionValue)] = [("read-only", .flag(isReadOnly))]
        if how & 2 != 0 { options.append(("l2-cache-size", .integer(4096))) }
        var description = node("qcow2", options, children: [("file", "file")])
        description.emptySlots = ["backing"]
        let plan = plan(disk, file)
        do throws(GraphError) {
            let opened = try Qcow2DriverKind().open(
                DriverOpening(
                    node: description,
                    children: ["file": try disk.limits(over: [:])],
                    masks: NodeStack.writer,
                    baseDirectory: "/",
                    access: plan
                )
            )
            try opened.node.begin(over: plan)
            guard let open = opened.node as? OpenQcow2 else { return }
            ask(open, disk, isReadOnly: isReadOnly)
        } catch {
            precondition(!error.reason.isEmpty && error.reason.utf8.count < 4096)
        }
    }

    private func ask(_ open: OpenQcow2, _ disk: ProbeDisk, isReadOnly: Bool) {
        let probe = disk.makeDriver(in: DriverContext(loop: loop, edges: []))
        let end = Node(identity: NodeIdentity(number: 0), driver: probe, edges: [])
        let context = DriverContext(loop: loop, edges: [Edge(name: "file", target: end)])
        let engine = open.engine(in: context)
        let size = engine.sizeBytes
        let client = FuzzClient(engine: engine)
        let places = [0, 4096, 60_000, 131_072, 300_000, size / 2, size - min(size, 9000)]
        for offset in places where offset < size {
            let length = min(40_000, size - offset)
            client.ask(.read, offset, length)
            client.ask(.extents, offset, size - offset)
            guard !isReadOnly else { continue }
            client.ask(.write, offset, min(length, 5000))
            client.ask(.writeZeroes, offset, length)
            client.ask(.discard, offset, length)
        }
        client.ask(.flush, 0, 0)
        client.settle()
        withExtendedLifetime(end) {}
    }
}

/// Asks an image whose file answers at once.
struct FuzzClient {
    let engine: ImageEngine

    private func slot(_ operation: BlockOperation) -> UnsafeMutablePointer<RequestSlot> {
        let slot = UnsafeMutablePointer<RequestSlot>.allocate(capacity: 1)
        slot.initialize(to: RequestSlot(completion: { _ in }, owner: nil))
        slot.pointee.operation = operation
        slot.pointee.isParked = true
        return slot
    }

    func ask(_ operation: BlockOperation, _ offset: UInt64, _ length: UInt64) {
        let slot = slot(operation)
        let hasData = operation == .read || operation == .write
        let buffer = UnsafeMutableRawPointer.allocate(
            byteCount: hasData ? max(Int(length), 1) : 1,
            alignment: 4096
        )
        if operation == .write { memset(buffer, 7, Int(length)) }
        let extents = UnsafeMutablePointer<ExtentList>.allocate(capacity: 1)
        extents.initialize(to: ExtentList())
        slot.pointee.offsetBytes = offset
        slot.pointee.lengthBytes = length
        slot.pointee.buffer = buffer
        slot.pointee.extents = extents
        let status = engine.submit(BlockRequest(slot))
        precondition(!status.isParked, "nobody answers this request")
        if operation == .read {
            precondition(status == .done || status.errorNumber == EIO, "\(status)")
        }
        extents.pointee.deallocate()
        extents.deallocate()
        buffer.deallocate()
        slot.deallocate()
    }

    func settle() {
        let slot = slot(.flush)
        precondition(!engine.settle(slot).isParked, "nobody answers this request")
        slot.deallocate()
    }
}
