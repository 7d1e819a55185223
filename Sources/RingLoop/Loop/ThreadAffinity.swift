internal import CLinux

/// On which processors threads run.
package enum ThreadAffinity {
    /// Moves the calling thread to a processor, or lets it run on any.
    ///
    /// - Parameter cpu: The processor; nothing for any.
    /// - Returns: Whether the processor is there and may be used.
    package static func bindCurrentThread(toCPU cpu: Int?) -> Bool {
        guard let cpu else { return clinux_thread_unbind() == 0 }
        guard let number = Int32(exactly: cpu) else { return false }
        return clinux_thread_bind(number) == 0
    }

    /// Whether a thread of this process could be moved to a processor; nothing is moved.
    package static func canBind(toCPU cpu: Int) -> Bool {
        guard let number = Int32(exactly: cpu) else { return false }
        return clinux_thread_can_bind(number) == 1
    }
}
