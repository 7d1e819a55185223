internal import RingLoop

/// Rings when something that can be asked about may have changed.
final class ChangeBell: Sendable {
    private struct State: Sendable {
        var listeners: [UInt64: AsyncStream<Void>.Continuation] = [:]
        var count: UInt64 = 0
    }

    private let state = Locked(State())

    /// Tells all listeners.
    func ring() {
        state.withLock { state in for listener in state.listeners.values { listener.yield() } }
    }

    /// A stream with one element for each ring; rings that nobody has heard are one.
    func listen() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Void.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        let number = state.withLock { state in
            state.count += 1
            state.listeners[state.count] = continuation
            return state.count
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { state in _ = state.listeners.removeValue(forKey: number) }
        }
        return stream
    }
}
