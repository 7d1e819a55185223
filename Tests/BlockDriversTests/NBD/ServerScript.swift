/// A command as the server of a test has read it.
struct ServerCommand: Sendable {
    var flags: UInt16 = 0
    var type: UInt16 = 0
    var cookie: UInt64 = 0
    var offset: UInt64 = 0
    var length: UInt32 = 0

    static let read: UInt16 = 0
    static let write: UInt16 = 1
    static let disconnect: UInt16 = 2
    static let trim: UInt16 = 4
    static let writeZeroes: UInt16 = 6
    static let blockStatus: UInt16 = 7
}

/// What the server of a test says instead of the truth; all else is honest.
struct ServerScript: Sendable {
    static let diskBytes = 2 << 20
    static let contextNumber: UInt32 = 7
    static let readOnlyFlag: UInt16 = 2

    var sizeBytes = UInt64(diskBytes)
    /// Flush, FUA, trim, write-zeroes and several connections.
    var flags: UInt16 = 1 | 4 | 8 | 32 | 64 | 256
    var greeting = Wire.greeting
    var isStructured = true
    var tellsExtents = true
    var blocks: [UInt32] = []
    /// What is sent in answer to an option, given the honest answer; nothing hangs up.
    var answer: @Sendable (UInt32, [UInt8]) -> [UInt8]? = { $1 }
    /// What is sent in answer to a command, given the honest answer; nothing hangs up.
    var reply: @Sendable (ServerCommand, [UInt8]) -> [UInt8]? = { $1 }
    /// Hangs up when it has sent so many bytes.
    var bytesMax = Int.max
    /// Sends so many bytes at a time.
    var pieceBytes = Int.max

    /// The honest answer to an option.
    func honest(_ option: UInt32, skipsZeroes: Bool) -> [UInt8] {
        switch option {
        case 1:
            Wire.big(sizeBytes) + Wire.big(flags)
                + (skipsZeroes ? [] : [UInt8](repeating: 0, count: 124))
        case 7:
            Wire.reply(7, 3, Wire.big(UInt16(0)) + Wire.big(sizeBytes) + Wire.big(flags))
                + (blocks.isEmpty
                    ? [] : Wire.reply(7, 3, Wire.big(UInt16(3)) + blocks.flatMap { Wire.big($0) }))
                + Wire.reply(7, 1)
        case 8 where isStructured: Wire.reply(8, 1)
        case 10 where isStructured && tellsExtents:
            Wire.reply(10, 4, Wire.big(Self.contextNumber) + "base:allocation".utf8)
                + Wire.reply(10, 1)
        default: Wire.reply(option, Wire.unsupported)
        }
    }

    /// The honest answer to a command that went well.
    func honest(_ command: ServerCommand, data: [UInt8], extents: [UInt8]) -> [UInt8] {
        switch command.type {
        case ServerCommand.read where isStructured:
            Wire.chunk(1, command.cookie, Wire.big(command.offset) + data)
        case ServerCommand.blockStatus:
            Wire.chunk(5, command.cookie, Wire.big(Self.contextNumber) + extents)
        default: Wire.simple(command.cookie) + data
        }
    }
}

/// Bytes of the NBD protocol, as a server sends them.
enum Wire {
    static let unsupported: UInt32 = 1 << 31 | 1
    static let greeting = Array("NBDMAGICIHAVEOPT".utf8) + [0, 3]

    static func big(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }

    static func number(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A reply to an option; its length may lie.
    static func reply(
        _ option: UInt32,
        _ type: UInt32,
        _ data: [UInt8] = [],
        length: UInt32? = nil,
        magic: UInt64 = 0x0003_e889_0455_65a9
    ) -> [UInt8] {
        big(magic) + big(option) + big(type) + big(length ?? UInt32(data.count)) + data
    }

    /// A simple reply.
    static func simple(
        _ cookie: UInt64,
        error: UInt32 = 0,
        magic: UInt32 = 0x6744_6698
    ) -> [UInt8] {
        big(magic) + big(error) + big(cookie)
    }

    /// A chunk of a structured reply, the last one unless said otherwise; its length may lie.
    static func chunk(
        _ type: UInt16,
        _ cookie: UInt64,
        _ payload: [UInt8] = [],
        isLast: Bool = true,
        length: UInt32? = nil
    ) -> [UInt8] {
        big(UInt32(0x668e_33ef)) + big(UInt16(isLast ? 1 : 0)) + big(type) + big(cookie)
            + big(length ?? UInt32(payload.count)) + payload
    }

    /// A chunk that tells an error.
    static func errorChunk(
        _ cookie: UInt64,
        _ error: UInt32,
        _ words: String = "",
        isLast: Bool = true,
        wordCount: UInt16? = nil
    ) -> [UInt8] {
        let payload = big(error) + big(wordCount ?? UInt16(words.utf8.count)) + words.utf8
        return chunk(0x8001, cookie, payload, isLast: isLast)
    }
}
