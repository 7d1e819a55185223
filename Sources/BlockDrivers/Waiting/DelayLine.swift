package import BlockGraph
package import RingLoop

/// Holds every request for the same time, with one timer for all of them.
///
/// Confined to its loop's thread.
package final class DelayLine {
    private let loop: EventLoop
    private let release: (BlockRequest) -> Void
    private var waiting = RequestQueue()
    private var timer: LoopTimer?
    private var isDraining = false
    /// How long a request is held, in nanoseconds; 0 for not at all.
    private var delayNanoseconds: UInt64

    /// An empty line.
    ///
    /// - Parameters:
    ///   - loop: The loop whose thread uses it.
    ///   - delayNanoseconds: How long a request is held.
    ///   - release: Takes a request whose time has come; it must not retain the line.
    package init(
        loop: EventLoop,
        delayNanoseconds: UInt64,
        release: @escaping (BlockRequest) -> Void
    ) {
        self.loop = loop
        self.delayNanoseconds = delayNanoseconds
        self.release = release
        timer = LoopTimer(context: Unmanaged.passUnretained(self).toOpaque()) { context in
            guard let context else { return }
            Unmanaged<DelayLine>.fromOpaque(context).takeUnretainedValue().releaseDue()
        }
    }

    deinit {
        if let timer, timer.isArmed { loop.cancelTimer(timer) }
    }

    /// Whether a request would be held now.
    package var holds: Bool { delayNanoseconds > 0 && !isDraining }

    /// Holds a request; the caller answers `.parked`.
    package func hold(_ request: BlockRequest) {
        let deadline = MonotonicClock.now + delayNanoseconds
        request.slot.pointee.driverValue = deadline
        let isFirst = waiting.isEmpty
        waiting.append(request)
        if isFirst { arm(at: deadline) }
    }

    /// Changes the delay; what is held already waits no longer than the new one.
    package func setDelay(nanoseconds: UInt64) {
        guard nanoseconds != delayNanoseconds else { return }
        delayNanoseconds = nanoseconds
        shortenWaits()
        releaseDue()
    }

    /// Lets everything go, and holds nothing until ``drainEnded()``.
    package func drainBegan() {
        isDraining = true
        while let request = waiting.popFirst() { release(request) }
    }

    /// Holds requests again.
    package func drainEnded() { isDraining = false }

    private func shortenWaits() {
        let latest = MonotonicClock.now + delayNanoseconds
        var next = waiting.first?.slot
        while let slot = next {
            slot.pointee.driverValue = min(slot.pointee.driverValue, latest)
            next = slot.pointee.next
        }
    }

    private func releaseDue() {
        let now = MonotonicClock.now
        while let first = waiting.first {
            let deadline = first.slot.pointee.driverValue
            guard deadline <= now else { return arm(at: deadline) }
            _ = waiting.popFirst()
            release(first)
        }
    }

    private func arm(at deadline: UInt64) {
        guard let timer else { return }
        loop.addTimer(timer, atNanoseconds: deadline)
    }
}
