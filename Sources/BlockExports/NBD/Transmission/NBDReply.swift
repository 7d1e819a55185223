/// Headers of replies, written to memory of at least ``headerBytesMax`` bytes.
///
/// - SeeAlso: NBD protocol, "Simple reply message" and "Structured reply chunk message".
enum NBDReply {
    /// Longest header that is written here.
    static let headerBytesMax = 32
    /// `NBD_SIMPLE_REPLY_MAGIC`.
    static let simpleMagic: UInt32 = 0x6744_6698
    /// `NBD_STRUCTURED_REPLY_MAGIC`.
    static let structuredMagic: UInt32 = 0x668e_33ef
    /// `NBD_REPLY_FLAG_DONE`.
    static let doneFlag: UInt16 = 1
    /// Bytes of the header of a block status chunk.
    static let statusHeaderBytes = 24

    /// Types of chunks.
    enum ChunkType: UInt16 {
        case none = 0
        case offsetData = 1
        case blockStatus = 5
        case error = 0x8001
    }

    /// A simple reply; the payload of a successful read follows it.
    ///
    /// - Returns: Bytes written.
    @inline(__always)
    static func writeSimple(
        error: UInt32,
        cookie: UInt64,
        to header: UnsafeMutableRawPointer
    ) -> Int {
        header.storeBytes(of: simpleMagic.bigEndian, as: UInt32.self)
        header.storeBytes(of: error.bigEndian, toByteOffset: 4, as: UInt32.self)
        header.storeBytes(of: cookie, toByteOffset: 8, as: UInt64.self)
        return 16
    }

    /// The only chunk of a successful read; the data follows it.
    static func writeData(
        cookie: UInt64,
        offsetBytes: UInt64,
        lengthBytes: UInt32,
        to header: UnsafeMutableRawPointer
    ) -> Int {
        let end = writeChunk(.offsetData, cookie: cookie, lengthBytes: lengthBytes + 8, to: header)
        header.storeBytes(of: offsetBytes.bigEndian, toByteOffset: end, as: UInt64.self)
        return end + 8
    }

    /// The only chunk of a successful structured reply without content.
    static func writeNone(cookie: UInt64, to header: UnsafeMutableRawPointer) -> Int {
        writeChunk(.none, cookie: cookie, lengthBytes: 0, to: header)
    }

    /// The only chunk of a failed structured reply.
    static func writeError(
        _ error: NBDError,
        cookie: UInt64,
        to header: UnsafeMutableRawPointer
    ) -> Int {
        let end = writeChunk(.error, cookie: cookie, lengthBytes: 6, to: header)
        header.storeBytes(of: error.rawValue.bigEndian, toByteOffset: end, as: UInt32.self)
        header.storeBytes(of: 0, toByteOffset: end + 4, as: UInt16.self)
        return end + 6
    }

    /// A chunk of a successful block status; the descriptors, 8 bytes each, follow it.
    ///
    /// - Returns: Bytes written: ``statusHeaderBytes``.
    static func writeStatus(
        _ context: NBDContext,
        cookie: UInt64,
        descriptorCount: Int,
        isLast: Bool,
        to header: UnsafeMutableRawPointer
    ) -> Int {
        let end = writeChunk(
            .blockStatus,
            cookie: cookie,
            lengthBytes: UInt32(4 + NBDExtentScratch.descriptorBytes * descriptorCount),
            isLast: isLast,
            to: header
        )
        header.storeBytes(of: context.rawValue.bigEndian, toByteOffset: end, as: UInt32.self)
        return end + 4
    }

    private static func writeChunk(
        _ type: ChunkType,
        cookie: UInt64,
        lengthBytes: UInt32,
        isLast: Bool = true,
        to header: UnsafeMutableRawPointer
    ) -> Int {
        let flags = isLast ? doneFlag : 0
        header.storeBytes(of: structuredMagic.bigEndian, as: UInt32.self)
        header.storeBytes(of: flags.bigEndian, toByteOffset: 4, as: UInt16.self)
        header.storeBytes(of: type.rawValue.bigEndian, toByteOffset: 6, as: UInt16.self)
        header.storeBytes(of: cookie, toByteOffset: 8, as: UInt64.self)
        header.storeBytes(of: lengthBytes.bigEndian, toByteOffset: 16, as: UInt32.self)
        return 20
    }
}
