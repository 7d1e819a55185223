internal import BlockGraph
internal import Glibc
internal import RingLoop

/// A driver whose requests take steps of their own.
protocol ErrandRunner: AnyObject {
    /// Takes the next step of an errand that waits for nothing: has it send requests or enter a
    /// gate, or ends it.
    func advance(_ errand: Errand)

    /// Gives a request to the child that answers it, when its errand is over.
    func handOn(_ request: BlockRequest) -> BlockStatus

    /// The time of an errand is up (``Errand/setDeadline(nanoseconds:)``).
    func deadlinePassed(_ errand: Errand)
}

extension ErrandRunner {
    func deadlinePassed(_ errand: Errand) {}
}

/// What a driver does for one request when it has to ask its children first.
///
/// ```
/// free --begin--> running --end--> free, its request answered
///                 |  ^             or handed on to a child
///                 |  +-- advance(), whenever nothing is under way
///                 +--detach--> running, its request answered already --end--> free
/// ```
/// Requests to children live in slots of the errand, one for each child that can be asked at once.
/// Made once and used again and again, on its loop's thread only.
final class Errand {
    private unowned(unsafe) let pool: ErrandPool
    private let slots: UnsafeMutablePointer<RequestSlot>
    private let place: UnsafeMutablePointer<RangeGate.Place>
    private var gate: RangeGate?
    private var pendingCount = 0
    private var isPumping = false
    private var result: BlockStatus?
    private var isHandedOn = false
    private var hold: PathHold?
    private var timer: LoopTimer?
    private var extentsMemory: UnsafeMutablePointer<ExtentList>?
    private var scratchBytes = 0
    private var pipedPayload: UnsafeMutableRawPointer?

    /// The request; nothing once it was answered or handed on.
    private(set) var request: BlockRequest?
    /// What was asked, as it was when the request came.
    private(set) var operation = BlockOperation.read
    private(set) var flags: RequestFlags = []
    private(set) var offsetBytes: UInt64 = 0
    private(set) var lengthBytes: UInt64 = 0
    /// Memory of the errand's own, from ``takeScratch(_:)`` on.
    private(set) var scratch: UnsafeMutableRawPointer?

    /// For the runner: where it is in its work.
    var step = 0
    /// For the runner: bytes that are done, and those of the piece that is under way.
    var progressBytes: UInt64 = 0
    var pieceBytes: UInt64 = 0
    /// For the runner: numbers of its own.
    var number: UInt64 = 0
    var count = 0
    /// The next free one.
    var nextFree: Errand?

    init(pool: ErrandPool) {
        self.pool = pool
        slots = .allocate(capacity: pool.slotCount)
        place = .allocate(capacity: 1)
        let owner = Unmanaged.passUnretained(self).toOpaque()
        slots.initialize(
            repeating: RequestSlot(
                completion: { address in
                    let slot = address.assumingMemoryBound(to: RequestSlot.self)
                    guard let owner = slot.pointee.owner else { return }
                    Unmanaged<Errand>.fromOpaque(owner)._withUnsafeGuaranteedRef { $0.answered() }
                },
                owner: owner
            ),
            count: pool.slotCount
        )
        place.initialize(
            to: RangeGate.Place(loop: pool.loop, owner: owner) { owner in
                Unmanaged<Errand>.fromOpaque(owner)._withUnsafeGuaranteedRef { $0.answered() }
            }
        )
    }

    deinit {
        precondition(request == nil && pendingCount == 0, "an errand goes while it is running")
        slots.deallocate()
        place.deinitialize(count: 1)
        place.deallocate()
        if let extentsMemory {
            extentsMemory.pointee.deallocate()
            extentsMemory.deallocate()
        }
    }

    // MARK: - Asking children

    /// Sends a request to a child; the errand goes on when all that were sent are answered.
    ///
    /// A slot takes one request at a time.
    func send(
        _ operation: BlockOperation,
        slot index: Int = 0,
        to edge: Edge,
        offset: UInt64,
        length: UInt64,
        buffer: UnsafeMutableRawPointer? = nil,
        flags: RequestFlags = []
    ) {
        precondition(index < pool.slotCount, "slot \(index) of \(pool.slotCount)")
        let slot = slots + index
        slot.pointee.operation = operation
        slot.pointee.flags = flags
        slot.pointee.offsetBytes = offset
        slot.pointee.lengthBytes = length
        slot.pointee.buffer = buffer
        slot.pointee.pipe = -1
        slot.pointee.driverContext = nil
        slot.pointee.extents = operation == .extents ? emptyExtents() : nil
        slot.pointee.isParked = true
        pendingCount += 1
        let status = edge.submit(BlockRequest(slot))
        guard !status.isParked else { return }
        slot.pointee.isParked = false
        slot.pointee.status = status
        pendingCount -= 1
    }

    /// How a child answered.
    func status(_ index: Int = 0) -> BlockStatus { slots[index].status }

    /// What the child that was asked last for extents listed.
    var extents: ExtentList? { extentsMemory?.pointee }

    /// Waits until a range is the errand's, alone or with others who share it.
    func enter(_ gate: RangeGate, _ range: Range<UInt64>, isShared: Bool) {
        precondition(self.gate == nil, "an errand enters one gate at a time")
        self.gate = gate
        if !gate.enter(place, range, isShared: isShared) { pendingCount += 1 }
    }

    /// Gives the range free.
    func leaveGate() {
        gate?.leave(place)
        gate = nil
    }

    /// Has the runner told when so much time has passed and the errand is not over.
    func setDeadline(nanoseconds: UInt64) {
        let timer =
            timer
            ?? LoopTimer(context: Unmanaged.passUnretained(self).toOpaque()) { context in
                guard let context else { return }
                Unmanaged<Errand>.fromOpaque(context)._withUnsafeGuaranteedRef {
                    $0.pool.runner.deadlinePassed($0)
                }
            }
        self.timer = timer
        pool.loop.addTimer(timer, atNanoseconds: MonotonicClock.now + nanoseconds)
    }

    /// Forgets the deadline.
    func clearDeadline() {
        if let timer, timer.isArmed { pool.loop.cancelTimer(timer) }
    }

    private func answered() {
        pendingCount -= 1
        pump()
    }

    // MARK: - Memory

    /// Memory for so many bytes; what there was is given back.
    func takeScratch(_ lengthBytes: Int) -> UnsafeMutableRawPointer {
        giveScratchBack()
        let memory = pool.buffers.take(lengthBytes: lengthBytes)
        scratch = memory
        scratchBytes = lengthBytes
        return memory
    }

    private func giveScratchBack() {
        if let scratch { pool.buffers.giveBack(scratch, lengthBytes: scratchBytes) }
        scratch = nil
    }

    /// Memory of the request's payload; one that travels in a pipe is taken out of it.
    ///
    /// - Returns: Nothing when there is none, or the pipe does not hold what was promised.
    func payload() -> UnsafeMutableRawPointer? {
        if let pipedPayload { return pipedPayload }
        guard let slot = request?.slot else { return nil }
        let length = Int(clamping: lengthBytes)
        guard slot.pointee.pipe >= 0, length > 0 else { return slot.pointee.buffer }
        let memory = UnsafeMutableRawPointer.allocate(byteCount: length, alignment: 4096)
        pipedPayload = memory
        guard operation == .write else { return memory }
        return PipePayload.take(memory, count: length, from: slot.pointee.pipe) ? memory : nil
    }

    private func emptyExtents() -> UnsafeMutablePointer<ExtentList> {
        let memory = extentsMemory ?? .allocate(capacity: 1)
        if extentsMemory == nil { memory.initialize(to: ExtentList()) }
        memory.pointee.removeAll()
        extentsMemory = memory
        return memory
    }

    // MARK: - Beginning and ending

    /// Begins with a request and goes as far as nothing waits.
    func begin(_ request: BlockRequest) {
        let slot = request.slot
        self.request = request
        operation = slot.pointee.operation
        flags = slot.pointee.flags
        offsetBytes = slot.pointee.offsetBytes
        lengthBytes = slot.pointee.lengthBytes
        (step, progressBytes, pieceBytes, number, count) = (0, 0, 0, 0, 0)
        result = nil
        isHandedOn = false
        pump()
    }

    /// Ends the errand with an answer to its request, if that has none yet.
    func end(_ status: BlockStatus) {
        precondition(!status.isParked, "an errand cannot end as parked")
        result = status
    }

    /// Ends the errand and hands its request on to the child that answers it.
    func endHandingOn() {
        result = .done
        isHandedOn = true
    }

    /// Answers the request now, while the errand goes on; a drain waits for its end.
    ///
    /// - Precondition: Called from ``ErrandRunner/deadlinePassed(_:)``, not from a step.
    func detach(answering status: BlockStatus) {
        guard let request else { return }
        hold = PathHold(of: request)
        self.request = nil
        request.finish(status)
    }

    /// Hands the request on now, while the errand goes on; a drain waits for its end.
    ///
    /// - Precondition: As for ``detach(answering:)``.
    func detachHandingOn() {
        guard let request else { return }
        hold = PathHold(of: request)
        self.request = nil
        let status = pool.runner.handOn(request)
        if !status.isParked { request.finish(status) }
    }

    private func pump() {
        guard !isPumping else { return }
        isPumping = true
        while pendingCount == 0, result == nil { pool.runner.advance(self) }
        isPumping = false
        if pendingCount == 0, let status = result { retire(status) }
    }

    private func retire(_ status: BlockStatus) {
        clearDeadline()
        leaveGate()
        giveScratchBack()
        let answer = isHandedOn ? BlockStatus.parked : sendPayload(status)
        let (request, hold) = (request, hold)
        self.request = nil
        self.hold = nil
        // From here on the errand may run for another request.
        pool.ended(self, request, answer)
        hold?.release()
    }

    /// Puts a payload that was read into the pipe that waits for it.
    private func sendPayload(_ status: BlockStatus) -> BlockStatus {
        guard let memory = pipedPayload else { return status }
        pipedPayload = nil
        defer { memory.deallocate() }
        guard status == .done, operation == .read, let slot = request?.slot else { return status }
        let isSent = PipePayload.put(memory, count: Int(lengthBytes), into: slot.pointee.pipe)
        return isSent ? status : .failed(EIO)
    }
}
