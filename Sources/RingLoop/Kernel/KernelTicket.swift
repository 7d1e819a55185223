package import CLinux

/// The cell of one pending kernel operation.
///
/// The user data of the submission is the cell's address, so the cell must stay where it is until
/// its handler was called. One cell stands for one operation at a time.
package typealias KernelTicket = CLinux.KernelTicket

extension KernelTicket {
    /// What is called on the loop's thread with the result or the negative error number.
    package typealias Handler =
        @convention(c) (UnsafeMutablePointer<KernelTicket>, Int32) -> Void

    /// Makes a cell.
    package init(handler: @escaping Handler, context: UnsafeMutableRawPointer? = nil) {
        self.init(raw_handler: handler, raw_context: context)
    }

    /// What is called when the operation has ended.
    package var handler: Handler {
        get { raw_handler }
        set { raw_handler = newValue }
    }

    /// A pointer of the owner's; the loop does not look at it.
    package var context: UnsafeMutableRawPointer? {
        get { raw_context }
        set { raw_context = newValue }
    }
}
