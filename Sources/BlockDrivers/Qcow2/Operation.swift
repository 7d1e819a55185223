internal import BlockGraph
internal import RingLoop

/// One request's stay in an image, or a part of one: what it is at, and its own request to a child.
///
/// - Invariant: The slot is the first field, so that a child's answer finds the operation.
struct Operation {
    /// Where an operation goes on; a step that has to wait is taken again from its start.
    enum Step: UInt8 {
        case read, readDone, compressedDone
        case write, writeDone, allocate, headRead, tailRead, writeNew, newWritten, packedWritten
        case zero, zeroPieceDone, discard
        case extents, extentsDone
        case flush, flushData, flushed, settle, settleHeader, settled
        case tableLoaded
        case script, scriptDone
        case checkpoint, blocks, blockWritten, refcountTable, refcountTableWritten
        case barrier, barrierData, tables, tableWritten, mapping, mappingWritten
        case checkpointFlush, frees, checkpointEnd
        case tableGrown, headerWritten, reserved
    }

    /// The request to a child.
    var slot: RequestSlot
    /// Who is answered: a request, or the operation that this one is a part of.
    var request: UnsafeMutablePointer<RequestSlot>?
    var parent: UnsafeMutablePointer<Operation>?
    /// Next in the queue in which it waits.
    var next: UnsafeMutablePointer<Operation>?
    var step: Step = .read
    /// Where to go on after a table was loaded, a script has run, a checkpoint was made.
    var stepAfterLoad: Step = .read
    var stepAfterScript: Step = .read
    var stepAfterCheckpoint: Step = .read
    var stepAfterReserved: Step = .read
    /// Cluster whose room is made sure of, for a mapping table or a block of counts; 0 for none.
    var tableRoom: UInt64 = 0
    var blockRoom: UInt64 = 0
    /// Answer of the last request to a child, or of a part.
    var status = BlockStatus.done
    var flags: RequestFlags = []
    var holdsBaton = false
    /// Whether it has changed tables, and whether it writes everything that may be late.
    var hasChanged = false
    var isSettling = false
    /// Which of two counts of operations in flight it is in.
    var generation = 0
    /// Guest bytes that are still to be done.
    var position: UInt64 = 0
    var end: UInt64 = 0
    /// Memory of the byte at `start`.
    var buffer: UnsafeMutableRawPointer?
    var start: UInt64 = 0
    /// Guest bytes in the piece at hand.
    var pieceBytes: UInt64 = 0
    /// Where the piece goes.
    var host: UInt64 = 0
    /// Guest range that is filled besides what is written, whole subclusters.
    var fillStart: UInt64 = 0
    var fillEnd: UInt64 = 0
    /// Guest clusters that nobody else may give a place meanwhile, and its neighbours in the list
    /// of those who have some.
    var hasClaim = false
    var claimStart: UInt64 = 0
    var claimEnd: UInt64 = 0
    var nextClaim: UnsafeMutablePointer<Operation>?
    var previousClaim: UnsafeMutablePointer<Operation>?
    /// Whether all subclusters of the cluster are filled, or it is written where it is.
    var fillsCluster = false
    var writesInPlace = false
    /// Memory of its own, for a piece that is put together or unpacked.
    var bounce: UnsafeMutableRawPointer?
    /// Compressed cluster at hand.
    var word: UInt64 = 0
    /// Place in a cache or list that is walked.
    var cursor = 0
    /// Place of the table that it loads.
    var loadPlace = 0
    var loadsBlock = false
    var extents: UnsafeMutablePointer<ExtentList>?

    init(completion: @escaping RequestSlot.Completion) {
        slot = RequestSlot(completion: completion, owner: nil)
    }

    /// Memory of the byte at the position.
    var memory: UnsafeMutableRawPointer? { buffer.map { $0 + Int(position - start) } }
}

/// Operations that wait, in the order in which they came.
struct OperationQueue {
    private var head: UnsafeMutablePointer<Operation>?
    private var tail: UnsafeMutablePointer<Operation>?

    var isEmpty: Bool { head == nil }

    mutating func append(_ operation: UnsafeMutablePointer<Operation>) {
        operation.pointee.next = nil
        if let tail { tail.pointee.next = operation } else { head = operation }
        tail = operation
    }

    mutating func popFirst() -> UnsafeMutablePointer<Operation>? {
        guard let first = head else { return nil }
        head = first.pointee.next
        if head == nil { tail = nil }
        first.pointee.next = nil
        return first
    }

    /// Moves all of another queue to the end of this one.
    mutating func append(contentsOf other: inout OperationQueue) {
        while let operation = other.popFirst() { append(operation) }
    }
}
