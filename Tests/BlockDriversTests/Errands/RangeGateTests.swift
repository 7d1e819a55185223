import Testing

@testable import BlockDrivers
@testable import RingLoop

/// Places of a gate on loops, with a note of who is inside.
// Not checked: `place` is the gate's, `state` is behind a lock.
private final class Visitor: @unchecked Sendable {
    let place = UnsafeMutablePointer<RangeGate.Place>.allocate(capacity: 1)
    let range: Range<UInt64>
    let isShared: Bool
    let admitted = Locked(false)

    init(_ loop: EventLoop, _ range: Range<UInt64>, isShared: Bool) {
        self.range = range
        self.isShared = isShared
        place.initialize(
            to: RangeGate.Place(
                loop: loop,
                owner: Unmanaged.passUnretained(self).toOpaque()
            ) { owner in
                Unmanaged<Visitor>.fromOpaque(owner).takeUnretainedValue().admitted.withLock {
                    $0 = true
                }
            }
        )
    }

    deinit {
        place.deinitialize(count: 1)
        place.deallocate()
    }

    func enter(_ gate: RangeGate) -> Bool { gate.enter(place, range, isShared: isShared) }
    var isAdmitted: Bool { admitted.withLock { $0 } }
}

@Suite("A gate of byte ranges")
struct RangeGateTests {
    private func withLoop(_ body: (EventLoop) async throws -> Void) async throws {
        let loop = try EventLoop(configuration: EventLoopConfiguration(name: "gate"))
        try loop.start()
        defer {
            loop.stop()
            loop.join()
        }
        try await body(loop)
    }

    @Test("who overlaps waits, unless both share; who does not goes in")
    func admission() async throws {
        try await withLoop { loop in
            let gate = RangeGate()
            let writer = Visitor(loop, 0..<10, isShared: false)
            let far = Visitor(loop, 10..<20, isShared: false)
            let readers = [
                Visitor(loop, 5..<8, isShared: true), Visitor(loop, 6..<9, isShared: true),
            ]
            let late = Visitor(loop, 7..<8, isShared: false)
            #expect(writer.enter(gate))
            #expect(far.enter(gate))
            #expect(readers.map { $0.enter(gate) } == [false, false])
            #expect(!late.enter(gate))
            gate.leave(writer.place)
            while !readers.allSatisfy(\.isAdmitted) { await Task.yield() }
            #expect(!late.isAdmitted)
            gate.leave(readers[0].place)
            gate.leave(readers[1].place)
            while !late.isAdmitted { await Task.yield() }
            gate.leave(late.place)
            gate.leave(far.place)
        }
    }

    @Test("a crowd of readers does not keep a writer out for ever")
    func fairness() async throws {
        try await withLoop { loop in
            let gate = RangeGate()
            let first = Visitor(loop, 0..<10, isShared: true)
            let writer = Visitor(loop, 0..<10, isShared: false)
            let second = Visitor(loop, 0..<10, isShared: true)
            #expect(first.enter(gate))
            #expect(!writer.enter(gate))
            #expect(!second.enter(gate))
            gate.leave(first.place)
            while !writer.isAdmitted { await Task.yield() }
            #expect(!second.isAdmitted)
            gate.leave(writer.place)
            while !second.isAdmitted { await Task.yield() }
            gate.leave(second.place)
        }
    }
}
