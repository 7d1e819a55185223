internal import BlockGraph
internal import GraphModel

/// Options of a `null-co` node.
struct NullSettings: Hashable, Sendable {
    /// Size of a node that names none: 1 GiB.
    static let sizeBytesDefault: Int64 = 1 << 30

    let sizeBytes: UInt64
    let readsZeroes: Bool
    let latencyNanoseconds: UInt64
    let isReadOnly: Bool

    init(_ node: NodeDescription) {
        sizeBytes = UInt64(clamping: node.options.integer("size") ?? Self.sizeBytesDefault)
        readsZeroes = node.options.flag("read-zeroes") ?? true
        latencyNanoseconds = UInt64(clamping: node.options.integer("latency") ?? 0)
        isReadOnly = node.isReadOnly
    }

    var limits: BlockLimits { BlockLimits(sizeBytes: sizeBytes, isReadOnly: isReadOnly) }
}
