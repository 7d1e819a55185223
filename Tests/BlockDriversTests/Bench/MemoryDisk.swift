import BlockGraph
import Glibc
import GraphModel
import RingLoop

/// A disk of one or two layers in memory, which keeps a list of what it was asked and can fail,
/// hold and delay requests.
final class MemoryDisk: OpenNode {
    /// One request that came.
    struct Visit: Hashable, Sendable {
        var operation: BlockOperation
        var offset: UInt64
        var length: UInt64
        var flags: UInt16
    }

    private struct State {
        var overlay: [UInt8]
        var base: [UInt8]?
        var isAllocated: [Bool]
        var visits: [Visit] = []
        var errors: [BlockOperation: Int32] = [:]
        var holding: Set<BlockOperation> = []
        var held: [@Sendable () -> Void] = []
    }

    let size: Int
    let clusterBytes: Int
    /// Whether every request is answered in a later turn.
    let isSlow: Bool
    private let compresses: Bool
    private let alignment: UInt32
    private let state: Locked<State>

    init(
        size: Int,
        base: [UInt8]? = nil,
        clusterBytes: Int = 4096,
        isSlow: Bool = true,
        compresses: Bool = false,
        alignment: UInt32 = 1
    ) {
        self.size = size
        self.clusterBytes = clusterBytes
        self.isSlow = isSlow
        self.compresses = compresses
        self.alignment = alignment
        let clusters = (size + clusterBytes - 1) / clusterBytes
        state = Locked(
            State(
                overlay: [UInt8](repeating: 0, count: size),
                base: base,
                isAllocated: [Bool](repeating: base == nil, count: clusters)
            )
        )
    }

    /// What it holds now, through both layers.
    var content: [UInt8] {
        let range = 0..<size
        return state.withLock { state in self.read(&state, range) }
    }

    var visits: [Visit] { state.withLock { $0.visits } }
    var allocatedCount: Int { state.withLock { $0.isAllocated.count { $0 } } }
    var heldCount: Int { state.withLock { $0.held.count } }

    func forgetVisits() { state.withLock { $0.visits = [] } }

    /// Requests of a kind fail from now on; with no number they do not.
    func fail(_ operation: BlockOperation, _ number: Int32?) {
        state.withLock { $0.errors[operation] = number }
    }

    /// Requests of a kind wait from now on, until ``release()``.
    func hold(_ operation: BlockOperation) { state.withLock { _ = $0.holding.insert(operation) } }

    /// Lets go what waits, and holds nothing any more.
    func release() {
        let held = state.withLock { state in
            defer { (state.held, state.holding) = ([], []) }
            return state.held
        }
        for answer in held { answer() }
    }

    /// Puts other bytes into a disk, past everything.
    func corrupt(_ offset: Int, _ bytes: [UInt8]) {
        state.withLock { $0.overlay.replaceSubrange(offset..<(offset + bytes.count), with: bytes) }
    }

    private func read(_ state: inout State, _ range: Range<Int>) -> [UInt8] {
        range.map { index in
            state.isAllocated[index / clusterBytes] ? state.overlay[index] : state.base?[index] ?? 0
        }
    }

    fileprivate func note(_ slot: UnsafeMutablePointer<RequestSlot>) -> Int32? {
        let visit = Visit(
            operation: slot.pointee.operation,
            offset: slot.pointee.offsetBytes,
            length: slot.pointee.lengthBytes,
            flags: slot.pointee.flags.rawValue
        )
        return state.withLock { state in
            state.visits.append(visit)
            return state.errors[visit.operation]
        }
    }

    fileprivate func isHeld(
        _ operation: BlockOperation,
        _ answer: @escaping @Sendable () -> Void
    ) -> Bool {
        state.withLock { state in
            guard state.holding.contains(operation) else { return false }
            state.held.append(answer)
            return true
        }
    }

    fileprivate func perform(_ slot: UnsafeMutablePointer<RequestSlot>) -> BlockStatus {
        let begin = Int(slot.pointee.offsetBytes)
        let range = begin..<(begin + Int(slot.pointee.lengthBytes))
        switch slot.pointee.operation {
        case .flush: return .done
        case .extents: return list(slot, range)
        case .read:
            let bytes = state.withLock { state in self.read(&state, range) }
            slot.pointee.buffer?.copyMemory(from: bytes, byteCount: bytes.count)
        case .write:
            guard let buffer = slot.pointee.buffer else { return .failed(EINVAL) }
            let bytes = Array(UnsafeRawBufferPointer(start: buffer, count: range.count))
            store(bytes, at: range)
        case .discard, .writeZeroes:
            store([UInt8](repeating: 0, count: range.count), at: range)
        }
        return .done
    }

    private func store(_ bytes: [UInt8], at range: Range<Int>) {
        guard !range.isEmpty else { return }
        state.withLock { state in
            let first = range.lowerBound / clusterBytes
            let last = (range.upperBound - 1) / clusterBytes
            for cluster in first...last where !state.isAllocated[cluster] {
                let whole = (cluster * clusterBytes)..<min((cluster + 1) * clusterBytes, size)
                state.overlay.replaceSubrange(whole, with: self.read(&state, whole))
                state.isAllocated[cluster] = true
            }
            state.overlay.replaceSubrange(range, with: bytes)
        }
    }

    private func list(
        _ slot: UnsafeMutablePointer<RequestSlot>,
        _ range: Range<Int>
    ) -> BlockStatus {
        guard let list = slot.pointee.extents else { return .failed(EINVAL) }
        let isLayered = slot.pointee.flags.contains(.layered)
        let isAllocated = state.withLock { $0.isAllocated }
        var offset = range.lowerBound
        while offset < range.upperBound {
            let cluster = offset / clusterBytes
            let end = min((cluster + 1) * clusterBytes, range.upperBound)
            let extent = ExtentList.Extent(
                lengthBytes: UInt64(end - offset),
                isHole: false,
                readsZero: false,
                depth: isLayered && !isAllocated[cluster] ? 2 : 1
            )
            guard list.pointee.append(extent) else { break }
            offset = end
        }
        return .done
    }

    // MARK: - A node

    func limits(over children: [String: BlockLimits]) throws(GraphError) -> BlockLimits {
        var limits = BlockLimits(sizeBytes: UInt64(size), alignmentBytes: alignment)
        limits.clusterBytes = UInt32(clusterBytes)
        limits.compresses = compresses
        limits.layerCount = state.withLock { $0.base == nil ? 1 : 2 }
        return limits
    }

    func makeDriver(in context: DriverContext) -> any BlockDriver {
        MemoryDriver(disk: self, loop: context.loop)
    }

    func prepare(_ opening: DriverOpening) throws(GraphError) -> any PreparedChange { NoChange() }
    func prepareRemoval() -> any PreparedChange { NoChange() }
    func check() throws(GraphError) {}
    func close() -> String? { nil }
}

/// Opens memory disks by their names.
struct MemoryKind: BlockDriverKind {
    let name = "memory"
    let disks: [String: MemoryDisk]

    func open(_ opening: DriverOpening) throws(GraphError) -> NodeOpening {
        guard let disk = disks[opening.node.name] else { fatalError("no disk") }
        return NodeOpening(node: disk)
    }
}

private final class MemoryDriver: BlockDriver {
    private let disk: MemoryDisk
    private let loop: EventLoop

    init(disk: MemoryDisk, loop: EventLoop) {
        self.disk = disk
        self.loop = loop
    }

    var movesPages: Bool { false }

    func submit(_ request: BlockRequest) -> BlockStatus {
        let slot = request.slot
        let error = disk.note(slot)
        let (address, disk, loop) = (UInt(bitPattern: slot), disk, loop)
        let answer: @Sendable () -> Void = {
            loop.post {
                guard let slot = UnsafeMutablePointer<RequestSlot>(bitPattern: address) else {
                    return
                }
                BlockRequest(slot).finish(error.map { .failed($0) } ?? disk.perform(slot))
            }
        }
        if disk.isHeld(slot.pointee.operation, answer) { return .parked }
        guard disk.isSlow else { return error.map { .failed($0) } ?? disk.perform(slot) }
        answer()
        return .parked
    }
}
