/// What lies under the disk that a workload asks for.
enum ImageShape: Sendable {
    /// A raw file, written to the last byte.
    case raw
    /// A qcow2 image in which every cluster is allocated.
    case allocated
    /// A large qcow2 image in which none is, made anew for each measurement.
    case empty
    /// Three qcow2 layers, each of which holds a third of the disk.
    case chain
    /// An empty layer, made anew for each measurement, over two that hold everything.
    case overlay

    /// Whether a server must understand qcow2.
    var isQcow2: Bool { self != .raw }
}
