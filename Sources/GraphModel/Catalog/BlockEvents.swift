/// Steps in which a format asks its file for something, by QEMU's names; for rules of `blkdebug`.
///
/// A format marks its requests with them. Those of the last line need no format: every node's
/// requests are such.
package struct BlockEvents: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// A request of no special step.
    package static let none: BlockEvents = []

    /// Names of events, each at the place of its bit.
    package static let names = [
        "read_aio", "read_backing_aio", "read_compressed", "cow_read",
        "write_aio", "write_compressed", "cow_write", "cluster_alloc",
        "l2_load", "l2_update", "l2_alloc_write", "l1_update",
        "refblock_load", "refblock_update", "refblock_alloc", "reftable_update",
        "reftable_grow", "cluster_free",
        "pwritev", "pwritev_zero", "flush_to_disk",
    ]

    /// The event of a name.
    package init?(name: String) {
        guard let place = Self.names.firstIndex(of: name) else { return nil }
        self.init(place)
    }

    private init(_ place: Int) { self.init(rawValue: 1 << UInt32(place)) }

    /// Guest data is read where it is.
    package static let readData = BlockEvents(0)
    /// A backing image is read.
    package static let readBacking = BlockEvents(1)
    /// Packed guest data is read.
    package static let readPacked = BlockEvents(2)
    /// What is beside a write in a new cluster is read.
    package static let readBeside = BlockEvents(3)
    /// Guest data is written as it came.
    package static let writeData = BlockEvents(4)
    /// Packed guest data is written.
    package static let writePacked = BlockEvents(5)
    /// Guest data is written together with what is beside it.
    package static let writeBeside = BlockEvents(6)
    /// A cluster that was free is written to.
    package static let allocateCluster = BlockEvents(7)
    /// A mapping table is read.
    package static let loadTable = BlockEvents(8)
    /// A mapping table is written.
    package static let updateTable = BlockEvents(9)
    /// A mapping table is written that the table above does not name yet.
    package static let allocateTable = BlockEvents(10)
    /// The table of mapping tables is written.
    package static let updateMapping = BlockEvents(11)
    /// A block of reference counts is read.
    package static let loadBlock = BlockEvents(12)
    /// A block of reference counts is written.
    package static let updateBlock = BlockEvents(13)
    /// A block of reference counts is written that their table does not name yet.
    package static let allocateBlock = BlockEvents(14)
    /// The table of reference count blocks is written.
    package static let updateBlockTable = BlockEvents(15)
    /// A longer table of reference count blocks is made.
    package static let growBlockTable = BlockEvents(16)
    /// Clusters that became free are given back to the file.
    package static let freeCluster = BlockEvents(17)
    /// Any write.
    package static let anyWrite = BlockEvents(18)
    /// Any write of zeroes.
    package static let anyZero = BlockEvents(19)
    /// Any flush.
    package static let anyFlush = BlockEvents(20)
}
