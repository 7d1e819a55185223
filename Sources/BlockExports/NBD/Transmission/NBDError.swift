internal import Glibc

/// An error as the NBD protocol numbers it.
///
/// - SeeAlso: NBD protocol, "Error values".
enum NBDError: UInt32 {
    case notPermitted = 1
    case inputOutput = 5
    case noMemory = 12
    case invalid = 22
    case noSpace = 28
    case overflow = 75
    case notSupported = 95
    case shutDown = 108

    /// The protocol's error for a Linux error number; nothing for 0.
    ///
    /// - Parameters:
    ///   - number: A positive Linux error number, or 0.
    ///   - fastOnly: Whether the client asked for a fast operation or none; only then it may hear
    ///     that the operation is not supported.
    init?(linux number: Int32, fastOnly: Bool = false) {
        switch number {
        case 0: return nil
        case EPERM, EACCES, EROFS: self = .notPermitted
        case ENOMEM: self = .noMemory
        case EINVAL, EOVERFLOW: self = .invalid
        case ENOSPC, EDQUOT, EFBIG: self = .noSpace
        case EOPNOTSUPP: self = fastOnly ? .notSupported : .invalid
        case ESHUTDOWN: self = .shutDown
        default: self = .inputOutput
        }
    }
}
