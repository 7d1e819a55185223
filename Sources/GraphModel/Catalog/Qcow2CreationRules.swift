extension DriverSpecification {
    /// Why no image can be made like that, if none can.
    ///
    /// - Parameters:
    ///   - create: What the option `create` of a qcow2 node says.
    ///   - hasBacking: Whether the image is to have a backing image.
    /// - Returns: The first fault; `nil` when an image can be made.
    package static func qcow2CreationFault(in create: Options, hasBacking: Bool) -> OptionFault? {
        let clusterBytes = create.integer("cluster-size") ?? 65_536
        if clusterBytes.nonzeroBitCount != 1 {
            return OptionFault(
                "create.cluster-size",
                "a cluster-size of \(clusterBytes) bytes is not a power of two",
                help: "64KiB is usual"
            )
        }
        let hasSubclusters = create.flag("extended-l2") == true
        if ["v2", "0.10"].contains(create.text("compat") ?? "") {
            let needing =
                create.flag("lazy-refcounts") == true
                ? "lazy-refcounts"
                : hasSubclusters
                    ? "extended-l2"
                    : create.text("compression-type") == "zstd" ? "compression-type: zstd" : nil
            if let needing {
                return OptionFault(
                    "create.compat",
                    "\(needing) needs compat: v3",
                    help: "write compat: v3, or leave compat out"
                )
            }
        }
        if hasSubclusters, clusterBytes < 16_384 {
            return OptionFault(
                "create.cluster-size",
                "extended-l2 needs a cluster-size of 16KiB or more",
                help: "128KiB is usual with extended-l2"
            )
        }
        if create.text("preallocation") ?? "off" != "off", hasBacking {
            return OptionFault(
                "create.preallocation",
                "preallocation would hide the backing image; leave one of them out",
                help: "write preallocation: off, or backing: null"
            )
        }
        return nil
    }

    static func checkQcow2(_ node: NodeDescription) -> [OptionFault] {
        guard let create = node.options.mapping("create") else { return [] }
        let hasBacking = node.child("backing") != nil
        return qcow2CreationFault(in: create, hasBacking: hasBacking).map { [$0] } ?? []
    }
}
