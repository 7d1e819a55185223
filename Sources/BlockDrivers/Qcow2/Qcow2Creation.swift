internal import GraphModel

/// How a missing image is made.
struct Qcow2Creation: Hashable, Sendable {
    /// How much room is taken at once.
    enum Preallocation: Hashable, Sendable {
        case off, metadata, falloc, full
    }

    let sizeBytes: UInt64
    let clusterBytes: UInt64
    let version: UInt32
    let preallocation: Preallocation
    let lazyRefcounts: Bool
    let hasSubclusters: Bool
    let compressionType: UInt8

    init(_ options: Options, sizeBytesMin: UInt64) {
        // Whole sectors, as QEMU has it.
        let size = (UInt64(clamping: options.integer("size") ?? 0) + 511) & ~511
        sizeBytes = max(size, sizeBytesMin)
        clusterBytes = UInt64(clamping: options.integer("cluster-size") ?? 65536)
        let compat = options.text("compat") ?? "v3"
        version = compat == "v2" || compat == "0.10" ? 2 : 3
        preallocation =
            switch options.text("preallocation") {
            case "metadata": .metadata
            case "falloc": .falloc
            case "full": .full
            default: .off
            }
        lazyRefcounts = options.flag("lazy-refcounts") ?? false
        hasSubclusters = options.flag("extended-l2") ?? false
        compressionType = options.text("compression-type") == "zstd" ? 1 : 0
    }
}
