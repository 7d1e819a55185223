package import BlockGraph

/// `host_device`: the bytes of a block device of the host.
///
/// The device is opened as a file is, and served by the same driver; it is never made, and never
/// grows. Discards and zeroes reach the device where it can do them.
package struct HostDeviceDriverKind: BlockDriverKind {
    package let name = "host_device"
    private let locks: FileLocks

    /// The kind; all nodes that one kind opens know of each other's devices.
    package init() { locks = FileLocks() }

    package func open(_ opening: DriverOpening) throws(GraphError) -> NodeOpening {
        let settings = try FileSettings(opening)
        let node = try OpenFile(settings: settings, masks: opening.masks, locks: locks)
        return NodeOpening(node: node)
    }
}
