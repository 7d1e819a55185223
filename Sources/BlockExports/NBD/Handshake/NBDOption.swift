/// What a client can ask for in the handshake, by the protocol's number.
///
/// - SeeAlso: NBD protocol, "Option types".
enum NBDOption: UInt32 {
    case exportName = 1
    case abort = 2
    case list = 3
    case startTLS = 5
    case info = 6
    case go = 7
    case structuredReply = 8
    case listMetaContext = 9
    case setMetaContext = 10
}

/// How an option is answered, by the protocol's number.
///
/// - SeeAlso: NBD protocol, "Option reply types".
enum NBDOptionReply: UInt32 {
    case acknowledged = 1
    case server = 2
    case info = 3
    case metaContext = 4
    case unsupported = 0x8000_0001
    case policy = 0x8000_0002
    case invalid = 0x8000_0003
    case unknown = 0x8000_0006
    case shutDown = 0x8000_0007
    case tooBig = 0x8000_0009
}

/// What a client can be told about an export, by the protocol's number.
enum NBDInformation: UInt16 {
    case export = 0
    case name = 1
    case description = 2
    case blockSize = 3
}

/// What an export offers, by the protocol's bits ("Transmission flags").
struct NBDTransmissionFlags: OptionSet {
    let rawValue: UInt16

    static let hasFlags = NBDTransmissionFlags(rawValue: 1 << 0)
    static let readOnly = NBDTransmissionFlags(rawValue: 1 << 1)
    static let flush = NBDTransmissionFlags(rawValue: 1 << 2)
    static let forceUnitAccess = NBDTransmissionFlags(rawValue: 1 << 3)
    static let trim = NBDTransmissionFlags(rawValue: 1 << 5)
    static let writeZeroes = NBDTransmissionFlags(rawValue: 1 << 6)
    static let doNotFragment = NBDTransmissionFlags(rawValue: 1 << 7)
    static let multipleConnections = NBDTransmissionFlags(rawValue: 1 << 8)
    static let cache = NBDTransmissionFlags(rawValue: 1 << 10)
    static let fastZero = NBDTransmissionFlags(rawValue: 1 << 11)
}
