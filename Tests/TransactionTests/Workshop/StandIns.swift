import GraphModel
import RingLoop

@testable import BlockGraph

/// Drivers of the catalog that need formats or servers, replaced by ones that log, hold and fail.
///
/// They pass requests to their first child; without one they are a disk of 64 KiB that answers
/// anything. What a node asks of its children still follows from the driver's specification.
final class StandIns: Sendable {
    static let names: Set<String> = [
        "qcow2", "nbd", "quorum", "copy-before-write", "copy-on-read", "snapshot-access",
        "blkverify", "compress", "preallocate",
    ]

    private struct State {
        var log: [String] = []
        var holding: Set<String> = []
        var holdingOnce: Set<String> = []
        var failing: Set<String> = []
        var holders: [any Holder] = []
        var sizes: [String: UInt64] = [:]
        var alignments: [String: UInt32] = [:]
    }

    private let state = Locked(State())

    /// Kinds that stand in for drivers of some names.
    func kinds(_ names: Set<String>) -> [any BlockDriverKind] {
        names.sorted().map { StandInKind(name: $0, all: self) }
    }

    /// What happened, in order.
    var log: [String] { state.withLock { $0.log } }
    func add(_ entry: String) { state.withLock { $0.log.append(entry) } }
    func forgetLog() { state.withLock { $0.log = [] } }

    /// Has nodes park every request that reaches them.
    func hold(_ nodes: String...) { state.withLock { $0.holding = Set(nodes) } }

    /// Has a node park the next request that reaches it, and no other.
    func holdOnce(_ node: String) { state.withLock { $0.holdingOnce = [node] } }

    /// Whether a node parks a request; the holder is told to let go later.
    func takes(_ node: String, _ holder: any Holder) -> Bool {
        state.withLock { state in
            guard state.holding.contains(node) || state.holdingOnce.remove(node) != nil else {
                return false
            }
            state.log.append("hold \(node)")
            if !state.holders.contains(where: { $0 === holder }) { state.holders.append(holder) }
            return true
        }
    }

    /// Has steps fail, such as `check q` or `close q`.
    func fail(_ steps: String...) { state.withLock { $0.failing = Set(steps) } }
    func fails(_ step: String) -> Bool { state.withLock { $0.failing.contains(step) } }

    /// What a node says of itself when it is asked for limits next.
    func set(_ node: String, sizeBytes: UInt64? = nil, alignmentBytes: UInt32? = nil) {
        state.withLock { state in
            state.sizes[node] = sizeBytes
            state.alignments[node] = alignmentBytes
        }
    }

    fileprivate func limits(_ node: String, over child: BlockLimits?) -> BlockLimits {
        let (size, alignment) = state.withLock { ($0.sizes[node], $0.alignments[node]) }
        return BlockLimits(
            sizeBytes: size ?? child?.sizeBytes ?? 64 << 10,
            alignmentBytes: max(alignment ?? 1, child?.alignmentBytes ?? 1)
        )
    }

    /// Has held requests go on, and holds none any more.
    func letGo() async {
        let holders = state.withLock { state in
            state.holding = []
            state.holdingOnce = []
            defer { state.holders = [] }
            return state.holders
        }
        for holder in holders {
            await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
                let isAlive = holder.loop.post {
                    holder.letGo()
                    done.resume()
                }
                if !isAlive { done.resume() }
            }
        }
    }
}

/// A view that parks requests until it is told to let them go, on its loop's thread.
protocol Holder: AnyObject, Sendable {
    var loop: EventLoop { get }
    func letGo()
}

private struct StandInKind: BlockDriverKind {
    let name: String
    let all: StandIns

    func open(_ opening: DriverOpening) throws(GraphError) -> NodeOpening {
        all.add("open \(opening.node.name) \(opening.masks)")
        return NodeOpening(
            node: StandInNode(name: opening.node.name, all: all),
            creation: StandInChange("creation \(opening.node.name)", all)
        )
    }
}

private final class StandInNode: OpenNode {
    let name: String
    let all: StandIns

    init(name: String, all: StandIns) {
        self.name = name
        self.all = all
    }

    func limits(over children: [String: BlockLimits]) throws(GraphError) -> BlockLimits {
        try refuse("limits")
        let child = children["file"] ?? children["raw"] ?? children["children.0"]
        return all.limits(name, over: child)
    }

    func makeDriver(in context: DriverContext) -> any BlockDriver {
        StandInDriver(name: name, child: context.edges.first, loop: context.loop, all: all)
    }

    func prepare(_ opening: DriverOpening) throws(GraphError) -> any PreparedChange {
        try refuse("prepare")
        all.add("prepare \(name) \(opening.masks)")
        return StandInChange(name, all)
    }

    func prepareRemoval() -> any PreparedChange { StandInChange("removal \(name)", all) }

    func check() throws(GraphError) {
        try refuse("check")
        all.add("check \(name)")
    }

    func close() -> String? {
        all.add("close \(name)")
        return all.fails("close \(name)") ? "\(name) could not be flushed" : nil
    }

    private func refuse(_ step: String) throws(GraphError) {
        guard all.fails("\(step) \(name)") else { return }
        throw GraphError(code: .openFailed, object: "node/\(name)", reason: "\(step) by order")
    }
}

private final class StandInChange: PreparedChange {
    private let name: String
    private let all: StandIns

    init(_ name: String, _ all: StandIns) {
        self.name = name
        self.all = all
    }

    func commit() { all.add("commit \(name)") }
    func abort() { all.add("abort \(name)") }
}

/// One loop's view of a stand-in.
// Not checked: all but the constants is touched on the loop's thread only.
private final class StandInDriver: BlockDriver, Holder, @unchecked Sendable {
    let loop: EventLoop
    private let name: String
    private let child: Edge?
    private let all: StandIns
    private var held: [BlockRequest] = []

    init(name: String, child: Edge?, loop: EventLoop, all: StandIns) {
        self.name = name
        self.child = child
        self.loop = loop
        self.all = all
    }

    var movesPages: Bool { false }

    func submit(_ request: BlockRequest) -> BlockStatus {
        guard all.takes(name, self) else { return answer(request) }
        held.append(request)
        return .parked
    }

    func drainBegan() { all.add("drain \(name)") }
    func drainEnded() { all.add("drained \(name)") }
    func optionsChanged() { all.add("options \(name)") }

    func letGo() {
        let requests = held
        held = []
        for request in requests {
            let status = answer(request)
            if !status.isParked { request.finish(status) }
        }
    }

    private func answer(_ request: BlockRequest) -> BlockStatus {
        if let child { return child.submit(request) }
        let slot = request.slot
        if slot.pointee.operation == .read, let buffer = slot.pointee.buffer {
            buffer.initializeMemory(
                as: UInt8.self,
                repeating: 0,
                count: Int(slot.pointee.lengthBytes)
            )
        }
        return .done
    }
}
