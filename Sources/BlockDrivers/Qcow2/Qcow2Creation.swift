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

    init(_ options: Options) {
        // Whole sectors, as QEMU has it.
        sizeBytes = (UInt64(clamping: options.integer("size") ?? 0) + 511) & ~511
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

    /// Why no image can be made like that, if none can.
    func fault(hasBacking: Bool) -> String? {
        guard clusterBytes & (clusterBytes - 1) == 0 else {
            return "a cluster-size of \(clusterBytes) bytes is not a power of two"
        }
        if version < 3 {
            if lazyRefcounts { return "lazy-refcounts needs compat: v3" }
            if hasSubclusters { return "extended-l2 needs compat: v3" }
            if compressionType != 0 { return "compression-type: zstd needs compat: v3" }
        }
        if hasSubclusters, clusterBytes < 16384 {
            return "extended-l2 needs a cluster-size of 16KiB or more"
        }
        if preallocation != .off, hasBacking {
            return "preallocation would hide the backing image; leave one of them out"
        }
        return nil
    }
}
