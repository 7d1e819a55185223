internal import RingLoop

/// The loop of blocking requests of one transaction; started when the first of them is made.
final class AccessLoop: Sendable {
    /// How many transactions may have left a request behind that is not answered.
    static let stuckCountMax = 8

    private let started = Locked<EventLoop?>(nil)
    /// Stages with a request under way that nobody waits for any more.
    private let kept = Locked<[AccessStage]>([])
    private let mayStart: Bool

    /// A loop that is not started; one that may not be is refused to who needs it.
    init(mayStart: Bool = true) { self.mayStart = mayStart }

    deinit {
        guard let loop = started.withLock({ $0 }) else { return }
        sweep()
        loop.stop()
        loop.join()
        // What is never answered may still be pointed to; the process ends anyway.
        for stage in kept.withLock({ $0 }) { _ = Unmanaged.passRetained(stage) }
    }

    /// Keeps a stage until its last request is answered.
    func keep(_ stage: AccessStage) { kept.withLock { $0.append(stage) } }

    /// Lets go what was kept and is answered now.
    ///
    /// - Returns: Whether nothing is kept any more.
    @discardableResult
    func sweep() -> Bool {
        let (over, isEmpty) = kept.withLock { kept in
            let over = kept.filter { !$0.isBusy }
            kept.removeAll { stage in over.contains { $0 === stage } }
            return (over, kept.isEmpty)
        }
        for stage in over { stage.takeDown() }
        return isEmpty
    }

    /// The loop.
    ///
    /// - Throws: ``GraphError`` when no more threads can be started, or may be.
    func loop() throws(GraphError) -> EventLoop {
        if let loop = started.withLock({ $0 }) { return loop }
        guard mayStart else {
            throw refusal(
                "requests of \(Self.stuckCountMax) earlier plans are still not answered by what is "
                    + "below; until they are, no node is opened that reads its children first"
            )
        }
        do throws(SystemError) {
            let loop = try EventLoop(configuration: EventLoopConfiguration(name: "sluice-access"))
            try loop.start()
            started.withLock { $0 = loop }
            return loop
        } catch {
            throw refusal(error.sentence)
        }
    }

    private func refusal(_ reason: String) -> GraphError {
        GraphError(code: .openFailed, object: "iothread/sluice-access", reason: reason)
    }
}
