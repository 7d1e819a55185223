import RingLoop

/// Waits on a loop until several paths hold no parked request, or until a deadline.
///
/// The continuation is resumed once: `true` when all became idle, `false` when time was up.
final class IdleWait {
    private let loop: EventLoop
    private let paths: [IOPath]
    private var count: Int
    private var continuation: CheckedContinuation<Bool, Never>?
    private var timer: LoopTimer?

    /// A wait for paths that all hold requests.
    init(loop: EventLoop, paths: [IOPath], continuation: CheckedContinuation<Bool, Never>) {
        self.loop = loop
        self.paths = paths
        count = paths.count
        self.continuation = continuation
    }

    /// Arms the deadline; the armed timer keeps this object alive until it is resolved.
    func start(deadlineNanoseconds: UInt64) {
        for path in paths { path.notifyWhenIdle(self) }
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

    private func resolve(_ isIdle: Bool) {
        guard let continuation else { return }
        self.continuation = nil
        for path in paths { path.forget(self) }
        continuation.resume(returning: isIdle)
        guard let timer else { return }
        self.timer = nil
        loop.cancelTimer(timer)
        Unmanaged.passUnretained(self).release()
    }
}
