/// Every driver and every other kind of object that documents can speak of.
///
/// The list is written by hand: it can be searched, and its order is that of the reference. Which
/// drivers can also be opened is another question, answered by the module that opens them.
package enum Catalog {
    /// Drivers in the order of the reference.
    package static let drivers: [DriverSpecification] = [
        .file, .hostDevice, .nullCo, .raw, .qcow2, .throttle, .copyOnRead, .copyBeforeWrite,
        .snapshotAccess, .nbd, .quorum, .blkdebug, .blkverify, .logWrites, .compress, .preallocate,
    ]

    private static let numbersByName = Dictionary(
        uniqueKeysWithValues: drivers.enumerated().map { ($1.name, $0) }
    )

    /// The driver of a name.
    package static func driver(_ name: String) -> DriverSpecification? {
        number(of: name).map { drivers[$0] }
    }

    /// The place of a driver in the list, by its name.
    package static func number(of name: String) -> Int? { numbersByName[name] }

    /// Options of an object that is not a node.
    package static func options(of kind: ObjectKind) -> [OptionSpecification] {
        switch kind {
        case .ioThread: ioThreadOptions
        case .throttleGroup: throttleGroupOptions
        case .listener: listenerOptions
        case .export: exportOptions
        case .node: nodeOptions
        }
    }

    /// What a change of one option of a node costs.
    package static func cost(
        of option: OptionSpecification,
        driver: DriverSpecification
    ) -> ChangeCost {
        option.change == .reopen && !driver.canReopen ? .replace : option.change
    }
}
