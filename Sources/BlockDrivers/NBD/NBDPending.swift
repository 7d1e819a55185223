internal import BlockGraph

/// A command that the server has, or is about to get.
struct NBDPending {
    /// The request; nothing when the place is free.
    var slot: UnsafeMutablePointer<RequestSlot>?
    var cookie: UInt64 = 0
    var verb: UInt16 = 0
    var offsetBytes: UInt64 = 0
    var lengthBytes: UInt32 = 0
    /// Where a read's bytes go.
    var target: UnsafeMutableRawPointer?
    /// Payload bytes that have come, and up to where memory is filled.
    var receivedBytes: UInt32 = 0
    var filledBytes: UInt32 = 0
    var errorNumber: Int32 = 0
    var errorCount: UInt16 = 0
    var isSent = false
    var isReplied = false
    var hasExtents = false
    /// Next free place.
    var nextFree: Int32 = -1

    /// Where a range that a server named lies in the command's own; nothing when any of it does not.
    ///
    /// The only judge of offsets and lengths from the wire: nothing here can wrap.
    func place(offset: UInt64, length: UInt64) -> UInt32? {
        guard length > 0, offset >= offsetBytes else { return nil }
        let start = offset - offsetBytes
        guard start <= UInt64(lengthBytes), length <= UInt64(lengthBytes) - start else {
            return nil
        }
        return UInt32(truncatingIfNeeded: start)
    }
}
