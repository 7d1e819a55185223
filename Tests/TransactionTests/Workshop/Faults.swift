import BlockGraph
import GraphModel
import RingLoop

/// Counts the steps of a transaction that may fail, and has one of them fail.
final class Faults: Sendable {
    private struct State {
        var count = 0
        var failing: Int?
        var hit: String?
        var actions: [String: @Sendable () -> Void] = [:]
    }

    private let state = Locked(State())

    /// Has the step of a number fail, counted from 1; none when there is no number.
    func arm(_ failing: Int?) { state.withLock { $0 = State(failing: failing) } }

    /// Has something done when a step is passed; only the first time.
    func at(_ step: String, _ action: @escaping @Sendable () -> Void) {
        state.withLock { $0.actions[step] = action }
    }

    /// The step that failed.
    var hit: String? { state.withLock { $0.hit } }

    /// Steps that were passed since ``arm(_:)``.
    var count: Int { state.withLock { $0.count } }

    /// Passes a step, or fails there.
    func step(_ name: @autoclosure () -> String) throws(GraphError) {
        let text = name()
        let (fails, action) = state.withLock { state in
            state.count += 1
            let isHit = state.count == state.failing
            if isHit { state.hit = text }
            return (isHit, state.actions.removeValue(forKey: text))
        }
        action?()
        guard fails else { return }
        throw GraphError(code: .openFailed, object: text, reason: "\(text) fails by order")
    }
}

/// A kind whose nodes fail where they are told to, and else are what they are.
struct FaultyKind: BlockDriverKind {
    let inner: any BlockDriverKind
    let faults: Faults
    /// Where requests wait when the workshop says so; absent when the kind itself stands in.
    let holds: StandIns?

    var name: String { inner.name }

    func open(_ opening: DriverOpening) throws(GraphError) -> NodeOpening {
        try faults.step("open \(opening.node.name)")
        let opened = try inner.open(opening)
        return NodeOpening(
            node: FaultyNode(
                name: opening.node.name,
                inner: opened.node,
                faults: faults,
                holds: holds
            ),
            creation: opened.creation
        )
    }
}

private final class FaultyNode: OpenNode {
    private let name: String
    private let inner: any OpenNode
    private let faults: Faults
    private let holds: StandIns?

    init(name: String, inner: any OpenNode, faults: Faults, holds: StandIns?) {
        self.name = name
        self.inner = inner
        self.faults = faults
        self.holds = holds
    }

    func limits(over children: [String: BlockLimits]) throws(GraphError) -> BlockLimits {
        try faults.step("limits \(name)")
        return try inner.limits(over: children)
    }

    func makeDriver(in context: DriverContext) -> any BlockDriver {
        let driver = inner.makeDriver(in: context)
        guard let holds else { return driver }
        return HoldingDriver(name: name, inner: driver, loop: context.loop, all: holds)
    }

    func prepare(_ opening: DriverOpening) throws(GraphError) -> any PreparedChange {
        try faults.step("prepare \(name)")
        return try inner.prepare(opening)
    }

    func prepareRemoval() -> any PreparedChange { inner.prepareRemoval() }

    func check() throws(GraphError) {
        try faults.step("check \(name)")
        try inner.check()
    }

    var livesOnOneLoop: Bool { inner.livesOnOneLoop }
    var currentSizeBytes: UInt64? { inner.currentSizeBytes }
    var reportedSizeBytes: UInt64? { inner.reportedSizeBytes }
    func shrink(toBytes sizeBytes: UInt64) { inner.shrink(toBytes: sizeBytes) }

    func settle(over access: ChildAccessPlan) throws(GraphError) {
        try faults.step("settle \(name)")
        try inner.settle(over: access)
    }

    func begin(over access: ChildAccessPlan) throws(GraphError) {
        try faults.step("begin \(name)")
        try inner.begin(over: access)
    }

    func close() -> String? { inner.close() }
}

/// Export types that fail before or after they have bound their sockets.
final class FaultyService: ExportService {
    private let inner: any ExportService
    private let faults: Faults

    init(_ inner: any ExportService, faults: Faults) {
        self.inner = inner
        self.faults = faults
    }

    var type: String { inner.type }

    func prepare(_ change: ExportChange) throws(GraphError) -> any PreparedExports {
        try faults.step("listen")
        let prepared = try inner.prepare(change)
        do throws(GraphError) {
            try faults.step("bound")
        } catch {
            prepared.abort()
            throw error
        }
        return prepared
    }

    func openListeners() { inner.openListeners() }
    func stopListening() { inner.stopListening() }
}

/// Throttle groups and the like that fail.
final class FaultyParticipant: GraphParticipant {
    private let inner: any GraphParticipant
    private let faults: Faults

    init(_ inner: any GraphParticipant, faults: Faults) {
        self.inner = inner
        self.faults = faults
    }

    func prepare(
        live: GraphDescription,
        desired: GraphDescription
    ) throws(GraphError) -> any PreparedChange {
        try faults.step("groups")
        let prepared = try inner.prepare(live: live, desired: desired)
        do throws(GraphError) {
            try faults.step("groups prepared")
        } catch {
            prepared.abort()
            throw error
        }
        return prepared
    }
}
