package import BlockGraph

/// Drivers that can be opened; their specifications are in `GraphModel/Catalog`.
package enum DriverCatalog {
    /// All kinds, by no order.
    ///
    /// - Parameter throttleGroups: Where throttle nodes find their groups; the same object takes
    ///   part in the graph's transactions.
    package static func kinds(throttleGroups: ThrottleGroups) -> [any BlockDriverKind] {
        [
            FileDriverKind(),
            RawDriverKind(),
            NullDriverKind(),
            ThrottleDriverKind(groups: throttleGroups),
            BlkdebugDriverKind(),
        ]
    }
}
