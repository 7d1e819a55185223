internal import RingLoop

/// What an open node learned of its children when a transaction last asked for its limits.
///
/// Views read it when they are made or told of a change, which is in the commit of that
/// transaction: what one that was aborted has left here, the next one replaces before.
package final class LatestValue<Value: Sendable>: Sendable {
    private let content: Locked<Value>

    /// A first value.
    package init(_ value: Value) { content = Locked(value) }

    /// The value.
    package var value: Value { content.withLock { $0 } }

    /// Replaces the value.
    package func store(_ value: Value) { content.withLock { $0 = value } }
}
