internal import BlockGraph
internal import GraphModel

/// Options of a `qcow2` node.
struct Qcow2Settings: Sendable {
    /// Memory for mapping tables and for reference counts, when nobody says how much.
    static let tableCacheBytesDefault = 32 << 20
    static let blockCacheBytesDefault = 4 << 20
    /// Most memory that reference counts get.
    static let blockCacheBytesLimit = 16 << 20

    /// The object for errors, such as `node/q`.
    let object: String
    let isReadOnly: Bool
    let rules: NodeRules
    /// What the image says, unless it is set.
    let lazyRefcounts: Bool?
    let tableCacheBytes: Int
    let blockCacheBytes: Int
    /// How often tables that were not used are dropped, in nanoseconds; 0 for never.
    let cleanIntervalNanoseconds: UInt64
    /// Size that the disk shall have at least, in whole sectors; 0 for none.
    let sizeBytesMin: UInt64
    /// Size of the backing image.
    let backingBytes: UInt64
    /// Layers of the chain, this one included.
    let layerCount: UInt16
    /// How a missing image is made.
    let creation: Qcow2Creation?

    init(_ opening: DriverOpening) {
        let options = opening.node.options
        object = "node/\(opening.node.name)"
        isReadOnly = opening.node.isReadOnly
        rules = NodeRules(options)
        lazyRefcounts = options.flag("lazy-refcounts")
        tableCacheBytes =
            options.integer("l2-cache-size").map { Int(clamping: $0) }
            ?? Self.tableCacheBytesDefault
        blockCacheBytes = min(
            options.integer("refcount-cache-size").map { Int(clamping: $0) }
                ?? Self.blockCacheBytesDefault,
            Self.blockCacheBytesLimit
        )
        cleanIntervalNanoseconds = UInt64(clamping: options.integer("cache-clean-interval") ?? 0)
        // Whole sectors, as QEMU has it.
        sizeBytesMin = (UInt64(clamping: options.integer("size") ?? 0) + 511) & ~511
        backingBytes = opening.children["backing"]?.sizeBytes ?? 0
        layerCount = (opening.children["backing"]?.layerCount ?? 0) &+ 1
        let sizeBytesMin = sizeBytesMin
        creation = options.mapping("create").map { Qcow2Creation($0, sizeBytesMin: sizeBytesMin) }
    }

    /// The most that caches can grow to while the image is open.
    var tableCacheBytesMax: Int { max(tableCacheBytes, Self.tableCacheBytesDefault) }
    var blockCacheBytesMax: Int { Self.blockCacheBytesLimit }

    /// An error of this node.
    func refusal(
        _ reason: String,
        code: GraphError.Code = .openFailed,
        option: String? = "file"
    ) -> GraphError {
        GraphError(code: code, object: object, option: option, reason: reason)
    }
}
