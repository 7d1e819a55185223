/// What a client can ask for in the transmission phase, by the protocol's number.
///
/// - SeeAlso: NBD protocol, "Request types".
enum NBDCommandType: UInt16 {
    /// `NBD_CMD_READ`.
    case read = 0
    /// `NBD_CMD_WRITE`; a payload follows the header.
    case write = 1
    /// `NBD_CMD_DISC`; no answer.
    case disconnect = 2
    /// `NBD_CMD_FLUSH`.
    case flush = 3
    /// `NBD_CMD_TRIM`.
    case trim = 4
    /// `NBD_CMD_CACHE`.
    case cache = 5
    /// `NBD_CMD_WRITE_ZEROES`.
    case writeZeroes = 6
    /// `NBD_CMD_BLOCK_STATUS`.
    case blockStatus = 7
}

/// What a client can ask besides the command, by the protocol's bits.
struct NBDCommandFlags: OptionSet {
    let rawValue: UInt16

    /// `NBD_CMD_FLAG_FUA`: durable before it is answered.
    static let forceUnitAccess = NBDCommandFlags(rawValue: 1 << 0)
    /// `NBD_CMD_FLAG_NO_HOLE`: zeroes stay allocated.
    static let noHole = NBDCommandFlags(rawValue: 1 << 1)
    /// `NBD_CMD_FLAG_DF`: the answer to a read is one chunk.
    static let doNotFragment = NBDCommandFlags(rawValue: 1 << 2)
    /// `NBD_CMD_FLAG_REQ_ONE`: one extent is enough.
    static let oneExtent = NBDCommandFlags(rawValue: 1 << 3)
    /// `NBD_CMD_FLAG_FAST_ZERO`: fail rather than be slow.
    static let fastZero = NBDCommandFlags(rawValue: 1 << 4)
}

/// The header of a request on the wire.
///
/// - SeeAlso: NBD protocol, "Request message".
struct NBDCommand: Equatable {
    /// Bytes of the header.
    static let headerBytes = 28
    /// `NBD_REQUEST_MAGIC`.
    static let magic: UInt32 = 0x2560_9513

    /// The command, or nothing when the protocol has no such number.
    let type: NBDCommandType?
    /// The flags.
    let flags: NBDCommandFlags
    /// The client's cookie, as it stands on the wire.
    let cookie: UInt64
    /// First byte.
    let offsetBytes: UInt64
    /// Length of the range; of the payload too for writes.
    let lengthBytes: UInt32

    /// A command made of its fields.
    init(
        type: NBDCommandType?,
        flags: NBDCommandFlags = [],
        cookie: UInt64 = 0,
        offsetBytes: UInt64,
        lengthBytes: UInt32
    ) {
        self.type = type
        self.flags = flags
        self.cookie = cookie
        self.offsetBytes = offsetBytes
        self.lengthBytes = lengthBytes
    }

    /// Reads a header of 28 bytes at any address; nothing when the magic is wrong.
    @inline(__always)
    init?(at bytes: UnsafeRawPointer) {
        guard UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)) == Self.magic else {
            return nil
        }
        flags = NBDCommandFlags(
            rawValue: UInt16(
                bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt16.self)
            )
        )
        type = NBDCommandType(
            rawValue: UInt16(
                bigEndian: bytes.loadUnaligned(fromByteOffset: 6, as: UInt16.self)
            )
        )
        cookie = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        offsetBytes = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        lengthBytes = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt32.self))
    }

    /// Bytes that follow the header.
    var payloadBytes: Int { type == .write ? Int(lengthBytes) : 0 }
}
