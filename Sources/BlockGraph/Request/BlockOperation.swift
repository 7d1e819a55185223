/// What a request asks of a node.
package enum BlockOperation: UInt8, Sendable {
    /// Fills the buffer, or the pipe, with the bytes at the offset.
    case read
    /// Stores the buffer's, or the pipe's, bytes at the offset.
    case write
    /// Makes everything that was answered before durable.
    case flush
    /// Says that the bytes are not needed; they may read as anything afterwards.
    case discard
    /// Makes the bytes read as zeroes.
    case writeZeroes
    /// Lists which bytes are data, zero or holes.
    case extents
}

/// What a request asks besides its operation.
package struct RequestFlags: OptionSet, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Durable before it is answered (writes, write-zeroes, discards).
    package static let forceUnitAccess = RequestFlags(rawValue: 1 << 0)
    /// Write-zeroes may make a hole.
    package static let mayUnmap = RequestFlags(rawValue: 1 << 1)
    /// Write-zeroes fails with `ENOTSUP` rather than be as slow as writing.
    package static let fastOnly = RequestFlags(rawValue: 1 << 2)
    /// Extents: one is enough.
    package static let oneExtent = RequestFlags(rawValue: 1 << 3)
    /// The write leaves visible contents as they are (copy-on-read): nobody has to save old ones.
    package static let unchanged = RequestFlags(rawValue: 1 << 4)
    /// Writes of whole clusters are stored compressed, by a format that can; others are plain.
    package static let compressed = RequestFlags(rawValue: 1 << 5)
    /// Extents tell in which layer of a backing chain they are (``ExtentList/Extent/depth``).
    package static let layered = RequestFlags(rawValue: 1 << 6)
    /// Reads and extents of the state that a copy-before-write node preserves, not of the present.
    package static let preserved = RequestFlags(rawValue: 1 << 7)
    /// A read may be answered with a loan in place of bytes in the buffer (``PageLoan``).
    ///
    /// Set only where every node on the way says ``BlockDriver/lendsPages``.
    package static let mayLend = RequestFlags(rawValue: 1 << 8)
}
