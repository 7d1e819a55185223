import Glibc
import GraphModel
import RingLoop

@testable import BlockGraph

/// What became of a request, with what it brought.
struct Answer: Sendable, Equatable {
    var errorNumber: Int32 = 0
    var bytes: [UInt8] = []
    var extents: [ExtentList.Extent] = []
    /// Whether it was parked.
    var waited = false
    /// Whether the bytes of a read were lent.
    var isLent = false
}

/// A stack of nodes on a real loop, and a client that submits to it.
actor DriverBench {
    nonisolated let loop: EventLoop
    nonisolated let stack: NodeStack
    private var nodes: [Node] = []
    private var path: IOPath?
    private var pool: RequestPool?
    private var waiting: [UInt: CheckedContinuation<Void, Never>] = [:]

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let closesStack: Bool

    private init(_ stack: NodeStack, closesStack: Bool) throws {
        self.stack = stack
        self.closesStack = closesStack
        loop = try EventLoop(configuration: EventLoopConfiguration(name: "bench"))
        try loop.start()
    }

    /// Runs a body with a stack on a loop, and ends both.
    ///
    /// Requests go to the last node, or to the one that `top` names. Several benches can share a
    /// stack; one of them closes it.
    static func run<Result: Sendable>(
        _ stack: NodeStack,
        top: String? = nil,
        closesStack: Bool = true,
        _ body: (DriverBench) async throws -> Result
    ) async throws -> Result {
        let bench = try DriverBench(stack, closesStack: closesStack)
        await bench.assemble(top: top)
        do {
            let result = try await body(bench)
            await bench.end()
            bench.loop.join()
            return result
        } catch {
            await bench.end()
            bench.loop.join()
            throw error
        }
    }

    private func assemble(top: String?) {
        for (index, entry) in stack.entries.enumerated() {
            let edges = entry.description.children.compactMap { child -> Edge? in
                let named = stack.entries.prefix(index)
                    .lastIndex { $0.description.name == child.node }
                guard let place = named ?? nodes.indices.last else { return nil }
                return Edge(name: child.edge, target: nodes[place])
            }
            let driver = entry.node.makeDriver(in: DriverContext(loop: loop, edges: edges))
            nodes.append(
                Node(
                    identity: NodeIdentity(number: UInt64(index)),
                    driver: driver,
                    edges: edges
                )
            )
        }
        let place =
            stack.entries.lastIndex { $0.description.name == top } ?? stack.entries.count - 1
        path = IOPath(
            generation: 1,
            limits: stack.entries[place].limits,
            rights: .all,
            root: Edge(name: "root", target: nodes[place])
        )
        pool = RequestPool(
            capacity: 128,
            completion: { address in
                let slot = address.assumingMemoryBound(to: RequestSlot.self)
                guard let owner = slot.pointee.owner else { return }
                let bench = Unmanaged<DriverBench>.fromOpaque(owner).takeUnretainedValue()
                let key = UInt(bitPattern: address)
                bench.assumeIsolated { $0.waiting.removeValue(forKey: key)?.resume() }
            },
            owner: Unmanaged.passUnretained(self).toOpaque()
        )
    }

    private func end() async {
        path = nil
        nodes.removeAll()
        pool = nil
        if closesStack { stack.close() }
        loop.stop()
    }

    /// Submits a request and waits for its answer; like an export it takes loans where it may.
    func ask(
        _ operation: BlockOperation,
        _ offset: UInt64 = 0,
        _ length: UInt64 = 0,
        bytes: [UInt8] = [],
        flags: RequestFlags = [],
        pipe: Int32 = -1,
        misalignedBy: Int = 0
    ) async -> Answer {
        guard let path, let request = pool?.take() else {
            return Answer(errorNumber: .max)
        }
        let length = operation == .write && pipe < 0 ? UInt64(bytes.count) : length
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: Int(length) + misalignedBy + 1,
            alignment: 4096
        )
        let buffer = memory + misalignedBy
        var list = ExtentList()
        defer {
            memory.deallocate()
            list.deallocate()
        }
        if operation == .write { buffer.copyMemory(from: bytes, byteCount: bytes.count) }
        let holder = UnsafeMutablePointer<ExtentList>.allocate(capacity: 1)
        holder.initialize(to: list)
        defer { holder.deallocate() }
        request.slot.pointee.operation = operation
        request.slot.pointee.offsetBytes = offset
        request.slot.pointee.lengthBytes = length
        let takesLoan = operation == .read && pipe < 0 && path.lendsPages
        request.slot.pointee.flags = takesLoan ? flags.union(.mayLend) : flags
        request.slot.pointee.loan = nil
        request.slot.pointee.pipe = pipe
        request.slot.pointee.buffer = buffer
        request.slot.pointee.extents = holder
        var answer = Answer()
        var status = path.submit(request)
        if status.isParked {
            answer.waited = true
            await withCheckedContinuation { waiting[UInt(bitPattern: request.slot)] = $0 }
            status = request.slot.pointee.status
        }
        answer.errorNumber = status.errorNumber
        list = holder.pointee
        answer.extents = (0..<list.count).map { list[$0] }
        if let loan = request.slot.pointee.loan {
            answer.isLent = true
            answer.bytes = Self.bytes(of: loan, Int(length))
        } else if operation == .read, status == .done, pipe < 0 {
            answer.bytes = Array(UnsafeRawBufferPointer(start: buffer, count: Int(length)))
        }
        pool?.giveBack(request)
        return answer
    }

    /// What the kernel finds where a loan says that the bytes are.
    private static func bytes(of loan: PageLoan, _ count: Int) -> [UInt8] {
        var name = Array("/tmp/sluice-loan-XXXXXX".utf8CString)
        let fd = mkstemp(&name)
        unlink(name)
        defer { close(fd) }
        var bytes = [UInt8](repeating: 0, count: count)
        guard write(fd, loan.pages, count) == count, pread(fd, &bytes, count, 0) == count else {
            return []
        }
        return bytes
    }

    /// Does something on the loop.
    func perform<Result: Sendable>(_ body: @Sendable () throws -> Result) rethrows -> Result {
        try body()
    }

    /// Does something to the lowest, or another, view.
    func withDriver(_ index: Int = 0, _ body: (any BlockDriver) -> Void) {
        body(nodes[index].driver)
    }

    /// Prepares and commits a change of a node, as a transaction would.
    func change(_ index: Int = 0, to description: NodeDescription, masks: EdgeMasks) throws {
        let change = try stack.entries[index].node.prepare(
            DriverOpening(node: description, children: [:], masks: masks, baseDirectory: "/")
        )
        change.commit()
        nodes[index].driver.optionsChanged()
    }

    /// Begins or ends a drain of all nodes.
    func drain(_ isBeginning: Bool) {
        for node in nodes {
            isBeginning ? node.driver.drainBegan() : node.driver.drainEnded()
        }
    }

    /// Requests and other work that a drain would wait for.
    var parkedCount: Int { path?.parkedCount ?? 0 }

    /// Requests that wait for their answer.
    var waitingCount: Int { waiting.count }

    /// Whether the last node takes pipes.
    var movesPages: Bool { path?.movesPages ?? false }

    /// Whether the last node lends pages.
    var lendsPages: Bool { path?.lendsPages ?? false }
}
