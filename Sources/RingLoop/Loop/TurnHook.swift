/// Something to do once at the end of a turn, made beforehand by its owner.
///
/// While it is queued it is kept alive, so its context must be valid until it ran.
package final class TurnHook {
    /// What is called, with the context.
    package typealias Handler = @convention(c) (UnsafeMutableRawPointer?) -> Void

    let handler: Handler
    let context: UnsafeMutableRawPointer?
    fileprivate var next: Unmanaged<TurnHook>?
    /// Whether it will run at the end of a turn.
    package fileprivate(set) var isQueued = false

    /// Makes a hook.
    package init(context: UnsafeMutableRawPointer? = nil, handler: @escaping Handler) {
        self.context = context
        self.handler = handler
    }
}

/// The hooks of one turn, first come first served.
final class TurnHookQueue {
    private var first: Unmanaged<TurnHook>?
    private var last: Unmanaged<TurnHook>?

    var isEmpty: Bool { first == nil }

    func append(_ hook: TurnHook) {
        guard !hook.isQueued else { return }
        hook.isQueued = true
        let entry = Unmanaged.passRetained(hook)
        if let last {
            last._withUnsafeGuaranteedRef { $0.next = entry }
        } else {
            first = entry
        }
        last = entry
    }

    /// Runs those that are queued now; what they queue is for the next turn.
    func run() {
        var entry = first
        first = nil
        last = nil
        while let current = entry {
            let hook = current.takeRetainedValue()
            entry = hook.next
            hook.next = nil
            hook.isQueued = false
            hook.handler(hook.context)
        }
    }
}
