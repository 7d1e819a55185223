internal import BlockGraph

/// What block status can tell of a disk, by the number that selects it on the wire.
enum NBDContext: UInt32, CaseIterable {
    /// What is allocated, and what reads as zeroes: `base:allocation`.
    case allocation = 1
    /// In which layer of a backing chain it is, from 1; 0 where it is in none:
    /// `qemu:allocation-depth`.
    case depth = 2

    /// The name that clients ask for.
    var name: String { space + (self == .allocation ? "allocation" : "allocation-depth") }

    /// The beginning of the name; alone it lists whatever begins so.
    var space: String { self == .allocation ? "base:" : "qemu:" }

    /// What a descriptor says of a run of bytes.
    @inline(__always)
    func value(of extent: ExtentList.Extent) -> UInt32 {
        switch self {
        case .allocation: (extent.isHole ? 1 : 0) | (extent.readsZero ? 2 : 0)
        case .depth: extent.isUnowned ? 0 : UInt32(extent.depth)
        }
    }
}
