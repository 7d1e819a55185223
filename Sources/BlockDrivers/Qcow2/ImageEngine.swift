internal import BlockGraph
internal import Glibc
internal import RingLoop

/// One image at work on one loop: takes requests apart, and changes its tables.
///
/// Reads and writes of what is allocated go on side by side. What changes tables holds the *baton*,
/// and others wait for it. Data goes to new clusters without the baton, under a *claim* on the guest
/// clusters that they are for (`ImageEngine+Claims`):
///
/// ```
/// take --> run --step--> step --> ... --> answered, given back
///           |   waits for a child, a table or the baton: parked --> resume --> run
/// ```
/// A step that has to wait is taken again, so that it must not change anything before it knows that
/// it need not wait any more. What is written in which order is told in `ImageEngine+Checkpoint`.
///
/// Confined to one loop's thread at a time; it moves to another while nothing is in flight.
// Not checked, because it is handed from loop to loop: the node makes views and settles only when
// no request can reach the image, so that one thread at a time touches any of it.
final class ImageEngine: @unchecked Sendable {
    typealias Op = UnsafeMutablePointer<Operation>

    /// What a step came to.
    enum Outcome { case again, waiting, finished }

    /// What is read and changed on the way of a request; in memory of its own, so that reading it
    /// needs no check for exclusivity.
    struct State {
        /// End of what the files hold; what is behind reads as zeroes.
        var fileEnd: UInt64 = 0
        var dataEnd: UInt64 = 0
        /// Nothing from here on was ever written.
        var virginStart: UInt64 = 0
        var backingBytes: UInt64 = 0
        var hasBacking = false
        /// Layers of the chain, this one included.
        var layerCount: UInt16 = 1
        var isWritable = false
        var ignoresDiscards = false
        var detectsZeroes = false
        var unmapsZeroes = false
        /// Features must be cleared in the header before anything is written.
        var mustClearFeatures = false
        /// The header names tables that the one in the file does not: it is written before anything
        /// is changed.
        var mustWriteHeader = false
        /// The header must say that reference counts may be wrong before tables are changed.
        var mustSetDirty = false
        var writesRefcountsLate = false
        /// Something impossible was met in the tables; they are not changed any more.
        var isBroken = false
        /// Tables are on their way to disk; they count as clean, and are not durable.
        var isCheckpointing = false
        /// Whether what is runnable is being run.
        var isPumping = false
        var baton: Op?
        var batonQueue = OperationQueue()
        var tableWaiters = OperationQueue()
        var firstClaim: Op?
        var claimWaiters = OperationQueue()
        var runnable = OperationQueue()
        var freeOperation: Op?
        /// Operations in flight: those that began before the last frees ripened, and since.
        var inFlight = (0, 0)
        var generation = 0
        /// First cluster that may be free.
        var freeHint: UInt64 = 1
        /// Whether what tables take up is marked.
        var knowsMetadata = false
        var mappingDirty: Range<Int>?
        var refcountTableDirty: Range<Int>?
        /// Compressed cluster whose content is in `unpacked`, or 0.
        var unpackedWord: UInt64 = 0
    }

    let geometry: Qcow2Geometry
    let state: UnsafeMutablePointer<State>
    let tables: TableCache
    let blocks: TableCache
    let mapping: UnsafeMutablePointer<UInt64>
    let mappingCount: Int
    let refcountTable: UnsafeMutablePointer<UInt64>
    var refcountTableCount: Int
    let alignmentBytes: UInt64
    var sizeBytes: UInt64
    var header: Qcow2Header
    /// The start of the file, a whole number of sectors.
    let headerMemory: UnsafeMutableRawPointer
    let headerMemoryBytes: Int
    /// What tables take up; ``markMetadata()`` comes first.
    var metadata: ClusterBitmap
    private let snapshotClusters: [Range<UInt64>]
    /// References that no table on disk holds any more once the next checkpoint is made, and those
    /// that none holds but requests in flight may.
    var pendingFrees = ClusterRuns()
    var ripeningFrees = ClusterRuns()
    /// Clusters that are free and may be given back to the file.
    var discardable = ClusterRuns()
    var script: [ScriptItem] = []
    var grownTable: GrownTable?
    /// Cluster that takes packed data, 0 for none, and where the next begins.
    var packedCluster: UInt64 = 0
    var packedOffset: UInt64 = 0
    private(set) var unpacked: UnsafeMutableRawPointer?
    private var zeroes: UnsafeMutableRawPointer?
    private(set) var loop: EventLoop
    private(set) var file: Edge
    private(set) var data: Edge
    private(set) var backing: Edge?
    private var hook: TurnHook?
    private var chunks: [Op] = []

    private static let chunkCount = 64
    /// Clusters that there is room for at once, in 8 MiB: 4 TiB of 64 KiB.
    private static let reservedClustersMax: UInt64 = 1 << 26

    init(_ image: LoadedImage, settings: Qcow2Settings, context: DriverContext) {
        header = image.header
        geometry = image.header.geometry
        alignmentBytes = image.alignmentBytes
        sizeBytes = image.header.sizeBytes
        mappingCount = Int(image.header.mappingCount)
        mapping = Self.zeroedTable(mappingCount)
        for (place, entry) in image.mapping.enumerated() where entry != 0 { mapping[place] = entry }
        let tableMax = Int(Qcow2Header.refcountTableBytesMax / 8)
        refcountTable = Self.zeroedTable(tableMax)
        refcountTableCount = Int(image.header.refcountTableCount)
        for (place, entry) in image.refcountTable.enumerated() { refcountTable[place] = entry }
        let clusterBytes = Int(geometry.clusterBytes)
        tables = TableCache(
            tableBytes: clusterBytes,
            keyCount: mappingCount,
            capacity: min(settings.tableCacheBytesMax / clusterBytes, max(mappingCount, 8))
        )
        blocks = TableCache(
            tableBytes: clusterBytes,
            keyCount: tableMax,
            capacity: settings.blockCacheBytesMax / clusterBytes
        )
        headerMemoryBytes = image.headerBytes.count
        headerMemory = .allocate(byteCount: headerMemoryBytes, alignment: 4096)
        headerMemory.copyMemory(from: image.headerBytes, byteCount: headerMemoryBytes)
        state = .allocate(capacity: 1)
        state.initialize(to: State())
        loop = context.loop
        file = context.edge("file")
        data = geometry.hasDataFile ? context.edge("data-file") : context.edge("file")
        metadata = ClusterBitmap()
        snapshotClusters = image.snapshotClusters
        state.pointee.fileEnd = image.fileBytes
        state.pointee.dataEnd = image.dataFileBytes
        state.pointee.virginStart = geometry.roundUp(image.fileBytes)
        state.pointee.mustWriteHeader = image.olderSizeBytes != nil
        bind(context)
        apply(settings)
        hook = TurnHook(context: Unmanaged.passUnretained(self).toOpaque()) { context in
            guard let context else { return }
            Unmanaged<ImageEngine>.fromOpaque(context).takeRetainedValue().pump()
        }
    }

    deinit {
        for chunk in chunks {
            chunk.deinitialize(count: Self.chunkCount)
            chunk.deallocate()
        }
        free(mapping)
        free(refcountTable)
        headerMemory.deallocate()
        state.deinitialize(count: 1)
        state.deallocate()
        free(unpacked)
        free(zeroes)
    }

    /// Pages that are never touched cost nothing.
    private static func zeroedTable(_ count: Int) -> UnsafeMutablePointer<UInt64> {
        let room = max(count, 1)
        guard let memory = calloc(room, 8) else { preconditionFailure("no memory for a table") }
        return memory.bindMemory(to: UInt64.self, capacity: room)
    }

    /// Works on another loop, or over other edges, from now on; nothing is in flight.
    func bind(_ context: DriverContext) {
        precondition(state.pointee.baton == nil, "an image moves while it is being changed")
        loop = context.loop
        file = context.edge("file")
        data = geometry.hasDataFile ? context.edge("data-file") : file
        backing = context.edges.first { $0.name == "backing" }
        state.pointee.hasBacking = backing != nil
    }

    /// Whether a read may be answered with pages of a file.
    var lendsPages: Bool {
        // Zeroes that are found in a write may free the cluster that it was for.
        !state.pointee.detectsZeroes && (data.lendsPages || backing?.lendsPages == true)
    }

    /// Obeys other settings from now on.
    func apply(_ settings: Qcow2Settings) {
        state.pointee.backingBytes = settings.backingBytes
        state.pointee.layerCount = settings.layerCount
        state.pointee.isWritable = !settings.isReadOnly
        state.pointee.ignoresDiscards = settings.rules.ignoresDiscards
        state.pointee.detectsZeroes = settings.rules.detectsZeroes
        state.pointee.unmapsZeroes = settings.rules.unmapsZeroes
        let kept: UInt64 = Qcow2Header.rawDataFileFlag
        state.pointee.mustClearFeatures = header.autoclear & ~kept != 0
        let isLazy = settings.lazyRefcounts ?? (header.compatible & Qcow2Header.lazyRefcounts != 0)
        state.pointee.writesRefcountsLate = isLazy && geometry.version >= 3
        state.pointee.mustSetDirty =
            state.pointee.writesRefcountsLate && !header.incompatible.contains(.dirty)
        tables.limit(count: settings.tableCacheBytes / tables.tableBytes)
        blocks.limit(count: settings.blockCacheBytes / blocks.tableBytes)
    }

    /// Marks what tables take up, before the first request that may change something.
    ///
    /// Not when the image is opened: the map of a large one costs more than all the rest of it.
    func markMetadata() {
        state.pointee.knowsMetadata = true
        let bits = UInt64(geometry.clusterBits)
        let clusterCount = geometry.roundUp(state.pointee.fileEnd) >> bits
        metadata.reserve(min(clusterCount, Self.reservedClustersMax))
        metadata.insert(0)
        metadata.insert(clusters(header.mappingOffset, UInt64(mappingCount) * 8))
        metadata.insert(clusters(header.refcountTableOffset, UInt64(refcountTableCount) * 8))
        for (table, count) in [(mapping, mappingCount), (refcountTable, refcountTableCount)] {
            for place in 0..<count where table[place] & Qcow2Geometry.offsetMask != 0 {
                metadata.insert((table[place] & Qcow2Geometry.offsetMask) >> bits)
            }
        }
        for range in snapshotClusters { metadata.insert(range) }
    }

    /// Clusters that a range of the file touches.
    func clusters(_ offset: UInt64, _ lengthBytes: UInt64) -> Range<UInt64> {
        let bits = UInt64(geometry.clusterBits)
        guard lengthBytes > 0 else { return (offset >> bits)..<(offset >> bits) }
        return (offset >> bits)..<((offset &+ lengthBytes &- 1) >> bits &+ 1)
    }

    /// Zeroes, as long as a cluster.
    var zeroMemory: UnsafeMutableRawPointer? {
        if zeroes == nil { zeroes = calloc(1, Int(geometry.clusterBytes)) }
        return zeroes
    }

    /// Memory for the content of one compressed cluster.
    func makeUnpacked() -> UnsafeMutableRawPointer? {
        if unpacked == nil { unpacked = malloc(Int(geometry.clusterBytes)) }
        return unpacked
    }

    /// An operation that nobody uses.
    func take() -> Op {
        if let free = state.pointee.freeOperation {
            state.pointee.freeOperation = free.pointee.next
            free.pointee.next = nil
            return free
        }
        let chunk = Op.allocate(capacity: Self.chunkCount)
        chunks.append(chunk)
        let engine = Unmanaged.passUnretained(self).toOpaque()
        chunk.initialize(
            repeating: Operation { address in
                let op = address.assumingMemoryBound(to: Operation.self)
                guard let owner = op.pointee.slot.owner else { return }
                Unmanaged<ImageEngine>.fromOpaque(owner)._withUnsafeGuaranteedRef {
                    op.pointee.status = op.pointee.slot.status
                    $0.resume(op)
                }
            },
            count: Self.chunkCount
        )
        for index in 0..<Self.chunkCount {
            chunk[index].slot.owner = engine
            guard index > 0 else { continue }
            chunk[index].next = state.pointee.freeOperation
            state.pointee.freeOperation = chunk + index
        }
        return chunk
    }

    /// Runs what became runnable within this turn.
    func scheduleRunnable() {
        guard let hook, !hook.isQueued, !state.pointee.isPumping else { return }
        // What is queued must find the engine alive: the last request may be answered before.
        _ = Unmanaged.passRetained(self)
        loop.atEndOfTurn(hook)
    }
}
