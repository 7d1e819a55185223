package import BlockGraph
internal import RingLoop

/// A value of an open node, with the one that a transaction wants it to become.
package final class StagedValue<Value: Sendable>: Sendable {
    private struct Content {
        var current: Value
        var pending: Value?
    }

    private let content: Locked<Content>

    /// A value that nobody wants to change.
    package init(_ value: Value) { content = Locked(Content(current: value, pending: nil)) }

    /// What is in force now.
    package var current: Value { content.withLock { $0.current } }

    /// What will be in force if the transaction commits.
    package var wished: Value { content.withLock { $0.pending ?? $0.current } }

    /// Stages a value, which the change puts in force or forgets.
    package func stage(_ value: Value) -> any PreparedChange {
        content.withLock { $0.pending = value }
        return StagedChange(stage: self)
    }

    fileprivate func commit() {
        content.withLock { content in
            content.current = content.pending ?? content.current
            content.pending = nil
        }
    }

    fileprivate func abort() { content.withLock { $0.pending = nil } }
}

/// The end of a stage, as a transaction sees it.
private final class StagedChange<Value: Sendable>: PreparedChange {
    private let stage: StagedValue<Value>

    init(stage: StagedValue<Value>) { self.stage = stage }

    func commit() { stage.commit() }
    func abort() { stage.abort() }
}
