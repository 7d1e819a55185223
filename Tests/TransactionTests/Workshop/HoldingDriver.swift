import RingLoop

@testable import BlockGraph

/// A view of a real node that parks requests when the workshop says so, and passes them on later.
// Not checked: all but the constants is touched on the loop's thread only.
final class HoldingDriver: BlockDriver, Holder, @unchecked Sendable {
    let loop: EventLoop
    private let name: String
    private let inner: any BlockDriver
    private let all: StandIns
    private var held: [BlockRequest] = []

    init(name: String, inner: any BlockDriver, loop: EventLoop, all: StandIns) {
        self.name = name
        self.inner = inner
        self.loop = loop
        self.all = all
    }

    var movesPages: Bool { inner.movesPages }
    var lendsPages: Bool { inner.lendsPages }

    func submit(_ request: BlockRequest) -> BlockStatus {
        guard all.takes(name, self) else { return inner.submit(request) }
        held.append(request)
        return .parked
    }

    func drainBegan() {
        all.add("drain \(name)")
        inner.drainBegan()
    }

    func drainEnded() {
        all.add("drained \(name)")
        inner.drainEnded()
    }

    func optionsChanged() { inner.optionsChanged() }

    func letGo() {
        let requests = held
        held = []
        for request in requests {
            let status = inner.submit(request)
            if !status.isParked { request.finish(status) }
        }
    }
}
