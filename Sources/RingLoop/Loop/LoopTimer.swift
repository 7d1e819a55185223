/// Something to do at a certain time, made beforehand by its owner.
///
/// While it is armed it is kept alive, so its context must be valid until it fired or was
/// cancelled. Arming it again moves it. Loop thread only.
package final class LoopTimer {
    /// What is called, with the context, when the time has come.
    package typealias Handler = @convention(c) (UnsafeMutableRawPointer?) -> Void

    let handler: Handler
    let context: UnsafeMutableRawPointer?
    /// Where it stands in the queue's heap; negative when it is not armed.
    var heapIndex = -1

    /// Makes a timer that is not armed.
    package init(context: UnsafeMutableRawPointer? = nil, handler: @escaping Handler) {
        self.context = context
        self.handler = handler
    }

    /// Whether it will fire.
    package var isArmed: Bool { heapIndex >= 0 }
}
