internal import BlockGraph
internal import RingLoop

/// One loop's view of a `throttle` node.
///
/// While the group has budget a request is handed on without a frame. Otherwise it waits in the
/// lane of its direction; only the oldest of a lane holds a reservation, and one timer serves both
/// lanes. Flushes and extents are not limited. Coming and going of the node needs no drain: it
/// keeps nothing about the data.
final class ThrottleDriver: BlockDriver {
    /// Longest time after which a waiting request notices that the group's limits have changed.
    private static let glanceNanoseconds: UInt64 = 50_000_000

    private struct Lane {
        var waiting = RequestQueue()
        var readyNanoseconds: UInt64 = 0
        let isWrite: Bool

        /// When the oldest may go; never while nothing waits.
        var deadline: UInt64 { waiting.isEmpty ? .max : readyNanoseconds }
    }

    /// In memory of its own: a request reads it without exclusivity checks.
    private struct State {
        var isDraining = false
        var revision: UInt64
        var rules: NodeRules
        /// Kept alive by `group`.
        var limits: Unmanaged<ThrottleGroup>
    }

    private let node: OpenThrottle
    private let loop: EventLoop
    private let file: Edge
    private let state: UnsafeMutablePointer<State>
    private let reads: UnsafeMutablePointer<Lane>
    private let writes: UnsafeMutablePointer<Lane>
    private var group: ThrottleGroup
    private var timer: LoopTimer?

    init(node: OpenThrottle, loop: EventLoop, file: Edge) {
        self.node = node
        self.loop = loop
        self.file = file
        let settings = node.currentSettings
        group = settings.group
        state = .allocate(capacity: 1)
        state.initialize(
            to: State(
                revision: group.revision,
                rules: settings.rules,
                limits: .passUnretained(group)
            )
        )
        reads = .allocate(capacity: 1)
        reads.initialize(to: Lane(isWrite: false))
        writes = .allocate(capacity: 1)
        writes.initialize(to: Lane(isWrite: true))
        timer = LoopTimer(context: Unmanaged.passUnretained(self).toOpaque()) { context in
            guard let context else { return }
            Unmanaged<ThrottleDriver>.fromOpaque(context).takeUnretainedValue().timerFired()
        }
    }

    deinit {
        if let timer, timer.isArmed { loop.cancelTimer(timer) }
        state.deallocate()
        reads.deallocate()
        writes.deallocate()
    }

    var movesPages: Bool { file.movesPages && !state.pointee.rules.detectsZeroes }
    var lendsPages: Bool { file.lendsPages && !state.pointee.rules.detectsZeroes }

    func submit(_ request: BlockRequest) -> BlockStatus {
        switch request.slot.pointee.operation {
        case .read: enter(reads, request)
        case .write, .discard, .writeZeroes: enter(writes, request)
        case .flush, .extents: file.submit(request)
        }
    }

    func drainBegan() {
        state.pointee.isDraining = true
        while let request = reads.pointee.waiting.popFirst() { forward(request) }
        while let request = writes.pointee.waiting.popFirst() { forward(request) }
    }

    func drainEnded() { state.pointee.isDraining = false }

    func optionsChanged() {
        let settings = node.currentSettings
        group = settings.group
        state.pointee.rules = settings.rules
        state.pointee.limits = .passUnretained(group)
        reserveAnew()
    }

    @inline(__always)
    private func enter(_ lane: UnsafeMutablePointer<Lane>, _ request: BlockRequest) -> BlockStatus {
        if state.pointee.isDraining { return handOn(request) }
        if lane.pointee.waiting.isEmpty {
            let now = loop.nowNanoseconds
            let ready = reserve(request, isWrite: lane.pointee.isWrite, now: now)
            if ready <= now { return handOn(request) }
            lane.pointee.readyNanoseconds = ready
            lane.pointee.waiting.append(request)
            arm()
        } else {
            lane.pointee.waiting.append(request)
        }
        return .parked
    }

    @inline(__always)
    private func reserve(_ request: BlockRequest, isWrite: Bool, now: UInt64) -> UInt64 {
        state.pointee.limits._withUnsafeGuaranteedRef {
            $0.reserve(
                isWrite: isWrite,
                lengthBytes: request.slot.pointee.lengthBytes,
                now: now
            )
        }
    }

    private func timerFired() {
        if group.revision != state.pointee.revision { return reserveAnew() }
        let now = loop.nowNanoseconds
        release(reads, now: now)
        release(writes, now: now)
        arm()
    }

    /// Reserves for the oldest of each lane under limits that have changed.
    private func reserveAnew() {
        state.pointee.revision = group.revision
        let now = MonotonicClock.now
        reserveAnew(reads, now: now)
        reserveAnew(writes, now: now)
        arm()
    }

    private func reserveAnew(_ lane: UnsafeMutablePointer<Lane>, now: UInt64) {
        guard let first = lane.pointee.waiting.first else { return }
        lane.pointee.readyNanoseconds = reserve(first, isWrite: lane.pointee.isWrite, now: now)
        release(lane, now: now)
    }

    private func release(_ lane: UnsafeMutablePointer<Lane>, now: UInt64) {
        while lane.pointee.readyNanoseconds <= now, let first = lane.pointee.waiting.popFirst() {
            if let next = lane.pointee.waiting.first {
                lane.pointee.readyNanoseconds = reserve(
                    next,
                    isWrite: lane.pointee.isWrite,
                    now: now
                )
            }
            forward(first)
        }
    }

    @inline(__always)
    private func handOn(_ request: BlockRequest) -> BlockStatus {
        state.pointee.rules.submit(request, to: file)
    }

    private func forward(_ request: BlockRequest) {
        let status = handOn(request)
        if !status.isParked { request.finish(status) }
    }

    private func arm() {
        guard let timer else { return }
        let deadline = min(reads.pointee.deadline, writes.pointee.deadline)
        guard deadline != .max else { return loop.cancelTimer(timer) }
        let glance = loop.nowNanoseconds + Self.glanceNanoseconds
        loop.addTimer(timer, atNanoseconds: min(deadline, glance))
    }
}
