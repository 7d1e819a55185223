internal import RingLoop
internal import Testing

@Suite("Timers")
struct TimerTests {
    @Test("timers fire in the order of their times, equal ones in the order of arming")
    func order() async throws {
        let journal = Journal<Int>()
        try await withLoop { loop in
            await withCheckedContinuation { continuation in
                loop.post {
                    let now = loop.nowNanoseconds
                    let box = TimerBox()
                    for (name, delay) in [(3, 3_000), (1, 1_000), (2, 2_000), (11, 1_000)] {
                        box.add { journal.append(name) }
                        box.arm(loop, at: now + UInt64(delay) * 1000)
                    }
                    box.add {
                        continuation.resume()
                        box.clear(loop)
                    }
                    box.arm(loop, at: now + 4_000_000)
                }
            }
        }
        #expect(journal.entries == [1, 11, 2, 3])
    }

    @Test("a cancelled timer does not fire, and a moved one fires once at its new time")
    func cancelAndMove() async throws {
        let journal = Journal<String>()
        try await withLoop { loop in
            await withCheckedContinuation { continuation in
                loop.post {
                    let now = loop.nowNanoseconds
                    let box = TimerBox()
                    box.add { journal.append("cancelled") }
                    box.arm(loop, at: now + 1_000_000)
                    let cancelled = box.last
                    box.add { journal.append("moved") }
                    box.arm(loop, at: now + 500_000)
                    box.arm(loop, at: now + 3_000_000)
                    box.add { journal.append("between") }
                    box.arm(loop, at: now + 2_000_000)
                    box.add {
                        continuation.resume()
                        box.clear(loop)
                    }
                    box.arm(loop, at: now + 4_000_000)
                    loop.cancelTimer(cancelled)
                    loop.cancelTimer(cancelled)
                    #expect(!cancelled.isArmed)
                }
            }
        }
        #expect(journal.entries == ["between", "moved"])
    }

    @Test("a timer that arms itself for now leaves room for jobs")
    func rearming() async throws {
        try await withLoop { loop in
            await loop.perform {
                let box = TimerBox()
                box.add { loop.addTimer(box.last, atNanoseconds: 0) }
                box.arm(loop, at: 0)
                loop.post { loop.post { box.clear(loop) } }
            }
            await loop.perform {}
            await loop.perform {}
            await loop.perform {}
        }
    }

    @Test("a thousand timers in any order fire in order", arguments: [1, 2, 3])
    func thousand(seed: UInt64) async throws {
        let journal = Journal<UInt64>()
        try await withLoop { loop in
            await withCheckedContinuation { continuation in
                loop.post {
                    var random = seed
                    let box = TimerBox()
                    for _ in 0..<1000 {
                        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                        let deadline = random >> 50
                        box.add { journal.append(deadline) }
                        box.arm(loop, at: deadline)
                        if random & 0x700 == 0 { box.cancelSome(loop) }
                    }
                    box.add {
                        continuation.resume()
                        box.clear(loop)
                    }
                    box.arm(loop, at: 1 << 20)
                }
            }
        }
        #expect(journal.entries.count > 700)
        #expect(journal.entries == journal.entries.sorted(), "seed \(seed)")
    }
}

/// Timers that live until they are cleared.
// Only the loop's thread makes, opens and drops it.
private final class TimerBox: @unchecked Sendable {
    private var timers: [ClosureTimer] = []

    var last: LoopTimer { timers[timers.count - 1].timer }

    func add(_ fired: @escaping () -> Void) { timers.append(ClosureTimer(fired)) }

    func arm(_ loop: EventLoop, at deadline: UInt64) {
        loop.addTimer(last, atNanoseconds: deadline)
    }

    func cancelSome(_ loop: EventLoop) { loop.cancelTimer(timers[timers.count / 2].timer) }

    /// Breaks the circle of timers and their closures, after the timer that calls it has ended.
    func clear(_ loop: EventLoop) {
        loop.post {
            for timer in self.timers { loop.cancelTimer(timer.timer) }
            self.timers = []
        }
    }
}
