import RingLoop

/// Waits on a loop until several paths hold no parked request, or until a deadline.
///
/// Its end is told once: `true` when all became idle, `false` when time was up.
final class IdleWait {
    private let loop: EventLoop
    private let paths: [IOPath]
    private var count: Int
    private var ended: ((Bool) -> Void)?
    private var timer: LoopTimer?

    /// A wait for paths that all hold requests.
    init(loop: EventLoop, paths: [IOPath], ended: @escaping (Bool) -> Void) {
        self.loop = loop
        self.paths = paths
        count = paths.count
        self.ended = ended
    }

    /// Waits for as long as it takes; the paths keep this object alive.
    func start() {
        for path in paths { path.notifyWhenIdle(self) }
    }

    /// Arms the deadline; the armed timer keeps this object alive until it is resolved.
    func start(deadlineNanoseconds: UInt64) {
        start()
        let context = Unmanaged.passRetained(self).toOpaque()
        let timer = LoopTimer(context: context) { context in
            guard let context else { return }
            Unmanaged<IdleWait>.fromOpaque(context).takeUnretainedValue().resolve(false)
        }
        self.timer = timer
        loop.addTimer(timer, atNanoseconds: deadlineNanoseconds)
    }

    /// One of the paths holds no request any more.
    func pathBecameIdle() {
        count -= 1
        if count == 0 { resolve(true) }
    }

    /// Ends it without a word.
    func cancel() {
        ended = nil
        for path in paths { path.forget(self) }
    }

    private func resolve(_ isIdle: Bool) {
        guard let ended else { return }
        self.ended = nil
        for path in paths { path.forget(self) }
        ended(isIdle)
        guard let timer else { return }
        self.timer = nil
        loop.cancelTimer(timer)
        Unmanaged.passUnretained(self).release()
    }
}
