internal import CLinux
internal import Glibc

/// Replies in the order in which they go out, and how much of the first one has gone.
///
/// It knows no socket: it says what to send next, is told how much was sent, and hands back what is
/// sent whole. A payload in a pipe is sent by itself, after everything before it.
struct NBDReplyQueue {
    /// First in the queue.
    private(set) var first: UnsafeMutablePointer<NBDTransfer>?
    private var last: UnsafeMutablePointer<NBDTransfer>?
    /// Bytes that are not sent yet.
    private(set) var unsentBytes = 0
    private var sentOfFirst = 0

    /// What one message can carry.
    struct Gathering: Equatable {
        /// Vectors that are filled.
        var count = 0
        /// Bytes that they cover.
        var bytes = 0
        /// Whether a payload in a pipe comes right behind.
        var isFollowed = false
    }

    /// An empty queue.
    init() {}

    /// Puts a reply at the end.
    @inline(__always)
    mutating func append(_ transfer: UnsafeMutablePointer<NBDTransfer>) {
        transfer.pointee.next = nil
        unsentBytes += transfer.pointee.replyBytes
        if let last { last.pointee.next = transfer } else { first = transfer }
        last = transfer
    }

    /// Bytes of a pipe that are next, with the pipe; nothing when memory is next.
    var pipeTurn: (pipe: Int32, bytes: Int)? {
        guard let first, first.pointee.pipe >= 0, sentOfFirst >= first.pointee.headerBytes else {
            return nil
        }
        return (first.pointee.pipe, first.pointee.replyBytes - sentOfFirst)
    }

    /// Lists what can be sent in one message.
    ///
    /// - Parameters:
    ///   - vectors: Takes the list; at least two.
    ///   - capacity: How many there are.
    /// - Returns: How much was listed.
    func gather(into vectors: UnsafeMutablePointer<iovec>, capacity: Int) -> Gathering {
        var result = Gathering()
        var skipped = sentOfFirst
        var current = first
        while let transfer = current, result.count + 2 <= capacity {
            let headerBytes = transfer.pointee.headerBytes
            if skipped < headerBytes {
                vectors[result.count] = iovec(
                    iov_base: UnsafeMutableRawPointer(transfer) + skipped,
                    iov_len: headerBytes - skipped
                )
                result.count += 1
                result.bytes += headerBytes - skipped
                skipped = headerBytes
            }
            if transfer.pointee.pipe >= 0 {
                result.isFollowed = true
                return result
            }
            if let payload = transfer.pointee.payload {
                let rest = transfer.pointee.replyBytes - skipped
                vectors[result.count] = iovec(
                    iov_base: payload + (skipped - headerBytes),
                    iov_len: rest
                )
                result.count += 1
                result.bytes += rest
            }
            skipped = 0
            current = transfer.pointee.next
        }
        return result
    }

    /// Takes note of sent bytes, reply by reply.
    ///
    /// - Parameter sentBytes: What was sent; what is accounted for is taken off.
    /// - Returns: A reply that is sent whole and has left the queue; nothing when all sent bytes are
    ///   accounted for.
    @inline(__always)
    mutating func advance(_ sentBytes: inout Int) -> UnsafeMutablePointer<NBDTransfer>? {
        guard let transfer = first else { return nil }
        let rest = transfer.pointee.replyBytes - sentOfFirst
        guard sentBytes >= rest else {
            sentOfFirst += sentBytes
            unsentBytes -= sentBytes
            sentBytes = 0
            return nil
        }
        sentBytes -= rest
        unsentBytes -= rest
        sentOfFirst = 0
        first = transfer.pointee.next
        if first == nil { last = nil }
        return transfer
    }

    /// Whether nothing of a reply in the queue has been sent.
    func isUntouched(_ transfer: UnsafeMutablePointer<NBDTransfer>) -> Bool {
        transfer != first || sentOfFirst == 0
    }

    /// Takes note of another length of a reply that is untouched.
    mutating func lengthChanged(from before: Int, to after: Int) { unsentBytes += after - before }

    /// Takes the first reply out, sent or not.
    mutating func drop() -> UnsafeMutablePointer<NBDTransfer>? {
        guard let transfer = first else { return nil }
        var rest = transfer.pointee.replyBytes - sentOfFirst
        return advance(&rest)
    }
}
