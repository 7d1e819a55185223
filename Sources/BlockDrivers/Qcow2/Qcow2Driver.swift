internal import BlockGraph
internal import RingLoop

/// One loop's view of a `qcow2` node: the engine, and the edges that it works over.
final class Qcow2Driver: BlockDriver {
    private let node: OpenQcow2
    private let context: DriverContext
    private var engine: ImageEngine
    /// The engine once more: reaching it counts no reference.
    private var direct: Unmanaged<ImageEngine>
    private var revision: Int
    private var timer: LoopTimer?
    private var cleanIntervalNanoseconds: UInt64 = 0

    init(node: OpenQcow2, context: DriverContext) {
        self.node = node
        self.context = context
        engine = node.engine(in: context)
        direct = .passUnretained(engine)
        revision = node.revision
        timer = LoopTimer(context: Unmanaged.passUnretained(self).toOpaque()) { context in
            guard let context else { return }
            Unmanaged<Qcow2Driver>.fromOpaque(context).takeUnretainedValue().cleanCaches()
        }
        armTimer()
    }

    deinit {
        if let timer, timer.isArmed { context.loop.cancelTimer(timer) }
    }

    var movesPages: Bool { false }

    /// Reads of one run of one file are passed on, others are copied.
    ///
    /// A cluster that was lent keeps its bytes meanwhile: only discards and zeroes free clusters
    /// that are read so.
    var lendsPages: Bool { direct._withUnsafeGuaranteedRef { $0.lendsPages } }

    func submit(_ request: BlockRequest) -> BlockStatus {
        direct._withUnsafeGuaranteedRef { $0.submit(request) }
    }

    func optionsChanged() {
        defer { armTimer() }
        if revision == node.revision {
            engine.apply(node.currentSettings)
        } else {
            revision = node.revision
            engine = node.engine(in: context)
            direct = .passUnretained(engine)
        }
    }

    /// Tables of which nobody had need for a whole interval give their memory back.
    private func cleanCaches() {
        node.forgetUnused(engine, on: context.loop)
        cleanIntervalNanoseconds = 0
        armTimer()
    }

    private func armTimer() {
        let interval = node.currentSettings.cleanIntervalNanoseconds
        guard let timer, interval != cleanIntervalNanoseconds else { return }
        cleanIntervalNanoseconds = interval
        if interval == 0 {
            if timer.isArmed { context.loop.cancelTimer(timer) }
        } else {
            let (deadline, overflow) = MonotonicClock.now.addingReportingOverflow(interval)
            if !overflow { context.loop.addTimer(timer, atNanoseconds: deadline) }
        }
    }
}
