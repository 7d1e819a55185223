internal import BlockGraph

/// One request of a connection from its header to the last byte of its reply.
///
/// - Invariant: The reply's header is the first field, so that its address is the transfer's.
struct NBDTransfer {
    /// Whose memory, or pipe, the payload is in.
    enum Source: UInt8 {
        /// There is none.
        case none
        /// The receive chunk with number ``sourceIndex``, which is pinned.
        case chunk
        /// A buffer of the pool, of ``bufferBytes``.
        case buffer
        /// The pipe with number ``sourceIndex``.
        case pipe
        /// The extent scratch with number ``sourceIndex``.
        case scratch
        /// Memory of its own, of ``bufferBytes``.
        case heap
        /// Pages of a file (``loan``), which only the kernel looks at.
        case lent
    }

    /// The reply's header (at most ``NBDReply/headerBytesMax`` bytes).
    var header: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    /// How many bytes of the header are used.
    var headerBytes = 0
    /// The reply's payload, when it is in memory.
    var payload: UnsafeMutableRawPointer?
    /// Bytes of the reply's payload, in memory or in the pipe.
    var payloadBytes = 0
    /// Whose bytes the payload is, when they are lent.
    var loan: PageLoan?
    /// Where the reply's payload is spliced from, or -1.
    var pipe: Int32 = -1
    /// Next in the queue of replies.
    var next: UnsafeMutablePointer<NBDTransfer>?

    /// The request that goes with it.
    let slot: UnsafeMutablePointer<RequestSlot>
    /// What was asked.
    var type: NBDCommandType?
    /// Flags of the request.
    var flags = NBDCommandFlags.none
    /// The client's cookie.
    var cookie: UInt64 = 0
    /// First byte that was asked for; drivers may move the slot's own.
    var offsetBytes: UInt64 = 0
    /// Length that was asked for.
    var lengthBytes: UInt32 = 0
    /// Where the payload is.
    var source = Source.none
    /// Number of the chunk, pipe or scratch.
    var sourceIndex: Int32 = -1
    /// Length of the buffer or memory.
    var bufferBytes = 0
    /// The buffer or memory.
    var buffer: UnsafeMutableRawPointer?

    /// A transfer for a slot.
    init(slot: UnsafeMutablePointer<RequestSlot>) { self.slot = slot }

    /// Starts it for a command.
    @inline(__always)
    mutating func begin(_ command: NBDCommand) {
        headerBytes = 0
        payload = nil
        payloadBytes = 0
        pipe = -1
        loan = nil
        type = command.type
        flags = command.flags
        cookie = command.cookie
        offsetBytes = command.offsetBytes
        lengthBytes = command.lengthBytes
        source = .none
        buffer = nil
    }

    /// Bytes of the whole reply.
    @inline(__always)
    var replyBytes: Int { headerBytes + payloadBytes }
}

extension NBDTransfer {
    /// What the graph counts it as; nothing for what never goes there.
    var operation: BlockOperation? {
        switch type {
        case .read: .read
        case .write: .write
        case .flush: .flush
        case .trim: .discard
        case .writeZeroes: .writeZeroes
        case .blockStatus: .extents
        case .cache, .disconnect, nil: nil
        }
    }

    /// The request's header as it came.
    var commandBytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: NBDCommand.magic)
        bytes.append(bigEndian: flags.rawValue)
        bytes.append(bigEndian: type?.rawValue ?? 0)
        withUnsafeBytes(of: cookie) { bytes += $0 }
        bytes.append(bigEndian: offsetBytes)
        bytes.append(bigEndian: lengthBytes)
        return bytes
    }
}
