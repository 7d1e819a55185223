package import BlockGraph

/// Drivers that can be opened; their specifications are in `GraphModel/Catalog`.
package enum DriverCatalog {
    /// All kinds.
    ///
    /// Throttle nodes find their groups in `throttleGroups`, which must take part in the graph's
    /// transactions.
    package static func kinds(throttleGroups: ThrottleGroups) -> [any BlockDriverKind] {
        [
            FileDriverKind(),
            HostDeviceDriverKind(),
            NullDriverKind(),
            RawDriverKind(),
            NBDClientDriverKind(),
            Qcow2DriverKind(),
            ThrottleDriverKind(groups: throttleGroups),
            CopyOnReadDriverKind(),
            CopyBeforeWriteDriverKind(),
            SnapshotAccessDriverKind(),
            QuorumDriverKind(),
            BlkdebugDriverKind(),
            BlkverifyDriverKind(),
            LogWritesDriverKind(),
            CompressDriverKind(),
            PreallocateDriverKind(),
        ]
    }
}
