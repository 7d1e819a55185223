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
    /// Unit in which a format allocates, in bytes; 0 for a node that is no format.
    package var clusterBytes: UInt32 = 0
    /// Whether whole clusters can be stored compressed (``RequestFlags/compressed``).
    package var compresses = false
    /// Layers of the backing chain, this node's included.
    package var layerCount: UInt16 = 1
    /// Whether writes behind the end make the node longer.
    package var grows = false
    /// Whether an earlier state can be read beside the present one (``RequestFlags/preserved``).
    package var preservesState = false

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
