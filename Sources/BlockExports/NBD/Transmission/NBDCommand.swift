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
///
/// Not an `OptionSet`: its functions are generic and cost more than all else of a small request.
struct NBDCommandFlags: Hashable {
    let rawValue: UInt16

    /// No flag.
    static var none: NBDCommandFlags { NBDCommandFlags(rawValue: 0) }
    /// `NBD_CMD_FLAG_FUA`: durable before it is answered.
    static var forceUnitAccess: NBDCommandFlags { NBDCommandFlags(rawValue: 1 << 0) }
    /// `NBD_CMD_FLAG_NO_HOLE`: zeroes stay allocated.
    static var noHole: NBDCommandFlags { NBDCommandFlags(rawValue: 1 << 1) }
    /// `NBD_CMD_FLAG_DF`: the answer to a read is one chunk.
    static var doNotFragment: NBDCommandFlags { NBDCommandFlags(rawValue: 1 << 2) }
    /// `NBD_CMD_FLAG_REQ_ONE`: one extent is enough.
    static var oneExtent: NBDCommandFlags { NBDCommandFlags(rawValue: 1 << 3) }
    /// `NBD_CMD_FLAG_FAST_ZERO`: fail rather than be slow.
    static var fastZero: NBDCommandFlags { NBDCommandFlags(rawValue: 1 << 4) }

    /// What a read may have when replies are structured.
    static var ofStructuredRead: NBDCommandFlags { forceUnitAccess | doNotFragment }
    /// What write-zeroes may have.
    static var ofWriteZeroes: NBDCommandFlags { forceUnitAccess | noHole | fastZero }
    /// What block status may have.
    static var ofBlockStatus: NBDCommandFlags { forceUnitAccess | oneExtent }

    /// Flags of both.
    @inline(__always)
    static func | (left: NBDCommandFlags, right: NBDCommandFlags) -> NBDCommandFlags {
        NBDCommandFlags(rawValue: left.rawValue | right.rawValue)
    }

    /// Whether a flag is set.
    @inline(__always)
    func has(_ flag: NBDCommandFlags) -> Bool { rawValue & flag.rawValue != 0 }

    /// Whether no other flag is set.
    @inline(__always)
    func isWithin(_ allowed: NBDCommandFlags) -> Bool { rawValue & ~allowed.rawValue == 0 }
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
        flags: NBDCommandFlags = .none,
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
