/// What a node can take, in bytes.
package struct BlockLimits: Hashable, Sendable {
    /// Size of the node.
    package var sizeBytes: UInt64
    /// Offsets and lengths are multiples of it; a power of two.
    package var alignmentBytes: UInt32
    /// Longest read or write.
    package var transferBytesMax: UInt32
    /// What a client does best to use.
    package var preferredBytes: UInt32
    /// Whether nothing that is written is kept (reads as zeroes), or writing is impossible.
    package var isReadOnly: Bool

    /// Longest read or write that any node takes: 32 MiB, as the NBD protocol wants it.
    package static let transferBytesCeiling: UInt32 = 32 << 20

    /// Limits of a node.
    package init(
        sizeBytes: UInt64,
        alignmentBytes: UInt32 = 1,
        transferBytesMax: UInt32 = BlockLimits.transferBytesCeiling,
        preferredBytes: UInt32 = 4096,
        isReadOnly: Bool = false
    ) {
        self.sizeBytes = sizeBytes
        self.alignmentBytes = alignmentBytes
        self.transferBytesMax = transferBytesMax
        self.preferredBytes = preferredBytes
        self.isReadOnly = isReadOnly
    }
}
