internal import BlockGraph

/// What a request needs to know of a file: plain values, so that reading them costs loads only.
struct FileView {
    /// Descriptor for data; kept open by the driver.
    var fd: Int32
    /// Grows when the descriptor changes.
    var epoch: UInt64 = 0
    var storage: DataDescriptor.Storage
    var isDirect: Bool
    var isWritable: Bool
    var skipsFlushes: Bool
    var unmaps: Bool
    var detectsZeroes: Bool
    var unmapsZeroes: Bool
    var tellsResidency: Bool
    var memoryAlignmentMask: UInt
    /// What the file's file system can do, until it says that it cannot.
    var readsWithoutWait: Bool
    var writesWithoutWait: Bool
    var punchesHoles = true
    var zeroesRanges = true
    /// Whether pages were asked for; ``FileDriver`` keeps alive what is there.
    var hasTriedLending = false
    var lentPages: Unmanaged<LentPages>?
    /// Whether calls that may wait for the disk are made on the loop.
    var pace = SynchronousPace()
    /// The loop's turn in which `sleepCount` was read, as its time.
    var turn: UInt64 = 0
    /// How often the thread had slept when the turn's first such call was made.
    var sleepCount = 0
    /// Requests in the kernel with the descriptor of now, and with earlier ones.
    var currentCount = 0
    var earlierCount = 0

    init(_ access: OpenFile.Access) {
        let settings = access.settings
        let descriptor = access.descriptor
        fd = descriptor.rawValue
        storage = descriptor.storage
        isDirect = descriptor.isDirect
        isWritable = descriptor.isWritable
        skipsFlushes = settings.skipsFlushes
        unmaps = settings.unmaps
        detectsZeroes = settings.detectsZeroes
        unmapsZeroes = settings.unmapsZeroes
        tellsResidency = descriptor.tellsResidency
        memoryAlignmentMask = UInt(descriptor.memoryAlignmentBytes - 1)
        readsWithoutWait = !descriptor.isDirect && descriptor.storage != .memory
        writesWithoutWait = !descriptor.isDirect && descriptor.storage == .local
    }
}
