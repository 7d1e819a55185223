internal import RingLoop

/// The loop of blocking requests of one transaction; started when the first of them is made.
final class AccessLoop: Sendable {
    private let started = Locked<EventLoop?>(nil)

    init() {}

    deinit {
        guard let loop = started.withLock({ $0 }) else { return }
        loop.stop()
        loop.join()
    }

    /// The loop.
    ///
    /// - Throws: ``GraphError`` when no more threads can be started.
    func loop() throws(GraphError) -> EventLoop {
        if let loop = started.withLock({ $0 }) { return loop }
        do throws(SystemError) {
            let loop = try EventLoop(configuration: EventLoopConfiguration(name: "sluice-access"))
            try loop.start()
            started.withLock { $0 = loop }
            return loop
        } catch {
            throw GraphError(
                code: .openFailed,
                object: "iothread/sluice-access",
                reason: error.sentence
            )
        }
    }
}
