import Glibc
import GraphModel

@testable import BlockDrivers
@testable import BlockGraph
@testable import RingLoop

/// Serves an image over disks that keep records, to one client that asks and goes.
actor CrashBench {
    /// What became of a bench that cannot go on.
    struct Stuck: Error {
        let reason: String
    }

    /// A request on its way.
    private struct Pending {
        let ask: Int
        let operation: CrashOperation
        let slot: UnsafeMutablePointer<RequestSlot>
        let buffer: UnsafeMutableRawPointer
    }

    nonisolated let loop: EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private var disks: [ProbeDisk] = []
    private var nodes: [Node] = []
    /// Nodes at the ends of edges, which do not keep them.
    private var ends: [Node] = []
    private var engines: [ImageEngine] = []
    private var top: (description: NodeDescription, node: any OpenNode)?
    private var pending: [Pending] = []
    private var depth = 1
    private var growthCount = 0
    private var idleSteps = 0
    private var random = SeededGenerator(seed: 0)

    init() throws {
        loop = try EventLoop(configuration: EventLoopConfiguration(name: "crash"))
        try loop.start()
    }

    /// Ends the loop.
    nonisolated func end() {
        loop.stop()
        loop.join()
    }

    /// Has a client ask for some things, at most so many at a time.
    func record(
        _ image: CrashCase,
        _ start: [UInt8],
        _ operations: [CrashOperation],
        depth: Int,
        seed: UInt64
    ) async throws -> CrashRecording {
        defer { leave() }
        random = SeededGenerator(seed: seed)
        self.depth = depth
        growthCount = 0
        let recording = CrashRecording(image, guest: [UInt8](repeating: 0, count: image.sizeBytes))
        try mount(image, start, recording)
        if image.filledBytes > 0 {
            submit(CrashOperation(kind: .write, length: image.filledBytes), recording)
            submit(CrashOperation(kind: .flush), recording)
        }
        for disk in disks { disk.parks = depth > 1 }
        for operation in operations { try await perform(operation, recording) }
        while !pending.isEmpty { try await step(recording) }
        let all = CrashOperation(kind: .write, length: image.sizeBytes)
        let before = recording.latest
        guard try await readBack(all, recording), before == recording.latest else {
            throw Stuck(reason: "the guest reads otherwise than it wrote")
        }
        return recording
    }

    private func perform(_ operation: CrashOperation, _ recording: CrashRecording) async throws {
        let isAlone = [.discard, .overlay, .grow].contains(operation.kind)
        while pending.count >= (isAlone ? 1 : depth) || hits(operation) {
            try await step(recording)
        }
        if operation.kind == .overlay { return try await putOverlay(recording) }
        if operation.kind == .grow { return try await grow(recording) }
        submit(operation, recording)
        if operation.kind == .discard {
            while !pending.isEmpty { try await step(recording) }
            guard try await readBack(operation, recording) else {
                throw Stuck(reason: "what was discarded reads as neither old nor zero")
            }
        }
        guard depth > 1 else { return }
        for _ in 0..<Int.random(in: 0..<3, using: &random) where !pending.isEmpty {
            try await step(recording)
        }
    }

    private func hits(_ operation: CrashOperation) -> Bool {
        pending.contains {
            $0.operation.offset / 512 * 512 < (operation.end + 511) / 512 * 512
                && operation.offset / 512 * 512 < ($0.operation.end + 511) / 512 * 512
        }
    }

    private func leave() {
        for one in pending {
            one.slot.deallocate()
            one.buffer.deallocate()
        }
        (pending, engines, nodes, ends, top, disks) = ([], [], [], [], nil, [])
    }

    // MARK: - Requests

    private func makeSlot(_ kind: BlockOperation) -> UnsafeMutablePointer<RequestSlot> {
        let slot = UnsafeMutablePointer<RequestSlot>.allocate(capacity: 1)
        slot.initialize(to: RequestSlot(completion: { _ in }, owner: nil))
        slot.pointee.operation = kind
        slot.pointee.isParked = true
        return slot
    }

    private func send(_ slot: UnsafeMutablePointer<RequestSlot>) {
        guard let driver = nodes.last?.driver else { return }
        let status = driver.submit(BlockRequest(slot))
        guard !status.isParked else { return }
        slot.pointee.isParked = false
        slot.pointee.status = status
    }

    private func submit(_ operation: CrashOperation, _ recording: CrashRecording) {
        let kinds: [CrashOperation.Kind: BlockOperation] = [
            .write: .write, .zero: .writeZeroes, .discard: .discard, .flush: .flush,
        ]
        let slot = makeSlot(kinds[operation.kind] ?? .flush)
        let buffer = UnsafeMutableRawPointer.allocate(
            byteCount: max(operation.length, 1),
            alignment: 4096
        )
        // Packed clusters get shorter, others do not.
        let noise = operation.isPacked ? 0x0f : 0xff
        let mark = recording.asks.count + 1
        let bytes = (0..<operation.length).map { place in
            UInt8(truncatingIfNeeded: (mark &* 37 &+ place / 512 &* 11 &+ place & noise) | 1)
        }
        buffer.copyMemory(from: bytes, byteCount: bytes.count)
        slot.pointee.offsetBytes = UInt64(operation.offset)
        slot.pointee.lengthBytes = UInt64(operation.length)
        slot.pointee.buffer = buffer
        if operation.isDurable { slot.pointee.flags.insert(.forceUnitAccess) }
        if operation.unmaps { slot.pointee.flags.insert(.mayUnmap) }
        if operation.isPacked { slot.pointee.flags.insert(.compressed) }
        let ask = recording.ask(operation, bytes: bytes)
        pending.append(Pending(ask: ask, operation: operation, slot: slot, buffer: buffer))
        send(slot)
        harvest(recording)
    }

    /// Answers one request of an image, and lets what follows from it happen.
    private func step(_ recording: CrashRecording) async throws {
        idleSteps += 1
        let waiting = disks.filter { $0.heldCount > 0 }
        if let disk = waiting.randomElement(using: &random) {
            idleSteps = 0
            disk.answer(Int.random(in: 0..<disk.heldCount, using: &random))
        }
        guard idleSteps < 100 else { throw Stuck(reason: "a request is never answered") }
        await Task.yield()
        harvest(recording)
    }

    private func harvest(_ recording: CrashRecording) {
        for one in pending where !one.slot.pointee.isParked {
            precondition(one.slot.pointee.status == .done, "\(one.slot.pointee.status)")
            recording.answer(one.ask)
            one.slot.deallocate()
            one.buffer.deallocate()
        }
        pending.removeAll { recording.asks[$0.ask].answered != .max }
    }

    private func readBack(
        _ operation: CrashOperation,
        _ recording: CrashRecording
    ) async throws -> Bool {
        let slot = makeSlot(.read)
        var bytes = [UInt8](repeating: 0xee, count: operation.length)
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: bytes.count, alignment: 4096)
        defer {
            slot.deallocate()
            buffer.deallocate()
        }
        slot.pointee.offsetBytes = UInt64(operation.offset)
        slot.pointee.lengthBytes = UInt64(operation.length)
        slot.pointee.buffer = buffer
        send(slot)
        while slot.pointee.isParked { try await step(recording) }
        guard slot.pointee.status == .done else { return false }
        bytes.withUnsafeMutableBytes {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: buffer, count: operation.length))
        }
        return recording.found(bytes, at: operation.offset)
    }
}

// MARK: - Images

extension CrashBench {
    private func mount(
        _ image: CrashCase,
        _ start: [UInt8],
        _ recording: CrashRecording
    ) throws {
        let file = addDisk(image, start)
        var data: ProbeDisk?
        if image.isRaw {
            nodes.append(view(of: file, []))
        } else {
            data = image.hasDataFile ? addDisk(image, []) : nil
            try open(image, file: file, data: data, isNew: start.isEmpty)
        }
        recording.layers = [CrashRecording.Layer(file: 0, data: data?.number)]
        recording.disks = disks.map { Array($0.content) }
        for disk in disks { disk.recorder = recording.recorder }
    }

    private func addDisk(_ image: CrashCase, _ content: [UInt8]) -> ProbeDisk {
        let disk = ProbeDisk(
            disks.count,
            content: content,
            capacity: image.capacity,
            alignment: image.alignment
        )
        disks.append(disk)
        return disk
    }

    private func view(of node: any OpenNode, _ edges: [Edge]) -> Node {
        let view = Node(
            identity: NodeIdentity(number: UInt64(ends.count)),
            driver: node.makeDriver(in: DriverContext(loop: loop, edges: edges)),
            edges: edges
        )
        ends.append(view)
        return view
    }

    private typealias Leaf = (edge: String, description: NodeDescription, node: any OpenNode)

    private func opening(
        _ options: [(String, OptionValue)],
        over leaves: [Leaf]
    ) throws -> (opening: DriverOpening, plan: ChildAccessPlan) {
        var description = node("qcow2", options, children: leaves.map { ($0.edge, $0.edge) })
        if !leaves.contains(where: { $0.edge == "backing" }) {
            description.emptySlots = ["backing"]
        }
        var limits: [String: BlockLimits] = [:]
        for leaf in leaves { limits[leaf.edge] = try leaf.node.limits(over: limits) }
        let plan = ChildAccessPlan(leaves)
        let opening = DriverOpening(
            node: description,
            children: limits,
            masks: NodeStack.writer,
            baseDirectory: "/",
            access: plan
        )
        return (opening, plan)
    }

    private func leaves(_ file: ProbeDisk, _ data: ProbeDisk?) -> [Leaf] {
        let data = data.map { [("data-file", fileNode("/data"), $0)] as [Leaf] } ?? []
        return [("file", fileNode("/file"), file)] + data
    }

    private func open(
        _ image: CrashCase,
        file: ProbeDisk,
        data: ProbeDisk?,
        isNew: Bool
    ) throws {
        let backing = top.map { [("backing", $0.description, $0.node)] as [Leaf] } ?? []
        let (opening, plan) = try opening(
            image.options + (isNew ? image.creationOptions : []),
            over: leaves(file, data) + backing
        )
        let opened = try Qcow2DriverKind().open(opening)
        try opened.node.begin(over: plan)
        var edges = [Edge(name: "file", target: view(of: file, []))]
        if let data { edges.append(Edge(name: "data-file", target: view(of: data, []))) }
        if let base = nodes.last { edges.append(Edge(name: "backing", target: base)) }
        nodes.append(view(of: opened.node, edges))
        if let image = opened.node as? OpenQcow2 {
            engines.append(image.engine(in: DriverContext(loop: loop, edges: edges)))
        }
        top = (opening.node, opened.node)
    }

    /// As a transaction does: what is served settles, its file is made durable, the overlay opens.
    private func putOverlay(_ recording: CrashRecording) async throws {
        let image = recording.image
        guard recording.layers.count < 3, try await settle(recording) else { return }
        // A file that stops being written is made durable, as the file driver does.
        for disk in disks { disk.flush() }
        let parks = disks.map(\.parks).contains(true)
        for disk in disks { disk.parks = false }
        let file = addDisk(image, [])
        let data = image.hasDataFile ? addDisk(image, []) : nil
        for disk in disks { disk.recorder = recording.recorder }
        recording.disks += (data == nil ? [[]] : [[], []])
        try open(image, file: file, data: data, isNew: true)
        recording.stack(CrashRecording.Layer(file: file.number, data: data?.number))
        for disk in disks { disk.parks = parks }
    }

    /// Sizes that a disk gets one after the other: the first mapping table has room for some.
    private static let sizes: [Int64] = [1 << 20, 3 << 20, 5 << 20, 24 << 20]

    /// As a transaction does: what is served settles, the longer disk is prepared and taken over.
    private func grow(_ recording: CrashRecording) async throws {
        guard recording.layers.count == 1, growthCount < Self.sizes.count, let top,
            let image = top.node as? OpenQcow2, try await settle(recording)
        else { return }
        let parks = disks.map(\.parks).contains(true)
        for disk in disks { disk.parks = false }
        defer { for disk in disks { disk.parks = parks } }
        let size = ("size", OptionValue.integer(Self.sizes[growthCount]))
        growthCount += 1
        let data = disks.count > 1 ? disks[1] : nil
        let (opening, plan) = try opening(
            recording.image.options + [size],
            over: leaves(disks[0], data)
        )
        let change = try image.prepare(opening)
        try image.begin(over: plan)
        change.commit()
        guard let view = nodes.last else { return }
        view.driver.optionsChanged()
        engines[0] = image.engine(in: DriverContext(loop: loop, edges: view.edges))
    }

    /// Has the image that is served write what only memory knows.
    ///
    /// - Returns: Whether there is one.
    private func settle(_ recording: CrashRecording) async throws -> Bool {
        guard let engine = engines.last else { return false }
        let slot = makeSlot(.flush)
        defer { slot.deallocate() }
        let status = engine.settle(slot)
        if !status.isParked { slot.pointee.isParked = false }
        while slot.pointee.isParked { try await step(recording) }
        return true
    }
}
