/// Numbers of the NBD protocol that a client needs, and big-endian loads and stores.
enum NBDWire {
    static let greetingMagic: UInt64 = 0x4e42_444d_4147_4943
    static let optionMagic: UInt64 = 0x4948_4156_454f_5054
    static let oldGreetingMagic: UInt64 = 0x0000_4202_8186_1253
    static let optionReplyMagic: UInt64 = 0x0003_e889_0455_65a9
    static let requestMagic: UInt32 = 0x2560_9513
    static let simpleReplyMagic: UInt32 = 0x6744_6698
    static let structuredReplyMagic: UInt32 = 0x668e_33ef

    static let requestBytes = 28
    static let simpleReplyBytes = 16
    static let chunkBytes = 20

    static func load16(_ bytes: UnsafeRawPointer, _ offset: Int = 0) -> UInt16 {
        UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    static func load32(_ bytes: UnsafeRawPointer, _ offset: Int = 0) -> UInt32 {
        UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    static func load64(_ bytes: UnsafeRawPointer, _ offset: Int = 0) -> UInt64 {
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    static func store<Number: FixedWidthInteger>(
        _ number: Number,
        _ bytes: UnsafeMutableRawPointer,
        _ offset: Int
    ) {
        bytes.storeBytes(of: number.bigEndian, toByteOffset: offset, as: Number.self)
    }

    static func append<Number: FixedWidthInteger>(_ number: Number, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// The Linux error number for one that a server sent; those it may not send are `EIO`.
    static func errorNumber(_ wire: UInt32) -> Int32 {
        switch wire {
        case 1, 5, 12, 22, 28, 75, 95, 108: Int32(wire)
        default: 5
        }
    }
}

/// What a client asks.
enum NBDVerb {
    static let read: UInt16 = 0
    static let write: UInt16 = 1
    static let disconnect: UInt16 = 2
    static let flush: UInt16 = 3
    static let trim: UInt16 = 4
    static let writeZeroes: UInt16 = 6
    static let blockStatus: UInt16 = 7

    static let forceUnitAccess: UInt16 = 1
    static let noHole: UInt16 = 2
    static let oneExtent: UInt16 = 8
    static let fastZero: UInt16 = 16
}
