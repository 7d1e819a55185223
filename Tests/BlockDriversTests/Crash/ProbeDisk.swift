import Glibc
import GraphModel
import RingLoop

@testable import BlockGraph

/// A growing disk in memory that tells a recorder what it is asked, and fails when it is told to.
///
/// It answers at once, or when it is told.
// Not checked: touched by one thread at a time; whoever opens an image over it waits meanwhile.
final class ProbeDisk: OpenNode, @unchecked Sendable {
    static let sectorBytes = 512

    /// A request that waits for its answer.
    private struct Held {
        let request: BlockRequest
        let write: Int?
        let flush: Int?
    }

    let number: Int
    let memory: UnsafeMutableRawPointer
    let capacity: Int
    private(set) var length: Int
    private let alignment: UInt32
    /// Who is told of everything.
    var recorder: WriteRecorder?
    private var held: [Held] = []
    /// Whether requests wait to be answered by ``answer(_:)``.
    var parks = false
    /// Says what a request that changes or flushes the disk comes to: 0, or an error number.
    var verdict: ((BlockOperation) -> Int32)?

    init(
        _ number: Int = 0,
        content: [UInt8] = [],
        capacity: Int,
        alignment: UInt32 = 1,
        recorder: WriteRecorder? = nil
    ) {
        self.number = number
        self.capacity = capacity
        self.alignment = alignment
        self.recorder = recorder
        guard let memory = calloc(capacity, 1) else { fatalError("no memory for a disk") }
        self.memory = memory
        length = min(content.count, capacity)
        memory.copyMemory(from: content, byteCount: length)
    }

    deinit { free(memory) }

    /// What it holds now.
    var content: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: length) }

    var heldCount: Int { held.count }

    /// Holds other bytes from now on.
    func replace(_ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count <= capacity, "a disk of \(bytes.count) bytes is too long")
        if length > bytes.count { memset(memory + bytes.count, 0, length - bytes.count) }
        if let start = bytes.baseAddress { memcpy(memory, start, bytes.count) }
        length = bytes.count
    }

    /// Answers one of the requests that wait.
    func answer(_ place: Int) {
        let one = held.remove(at: place)
        if let write = one.write { recorder?.endWrite(write) }
        if let flush = one.flush { recorder?.endFlush(flush) }
        one.request.finish(.done)
    }

    /// Makes durable what was written, past everything.
    func flush() {
        guard let recorder else { return }
        recorder.endFlush(recorder.beginFlush(number))
    }

    fileprivate func submit(_ request: BlockRequest) -> BlockStatus {
        let slot = request.slot
        let operation = slot.pointee.operation
        let begin = Int(slot.pointee.offsetBytes)
        let count = Int(slot.pointee.lengthBytes)
        var (write, flush): (Int?, Int?) = (nil, nil)
        switch operation {
        case .read:
            let inside = max(min(count, length - begin), 0)
            slot.pointee.buffer?.copyMemory(from: memory + begin, byteCount: inside)
            if inside < count, let buffer = slot.pointee.buffer {
                memset(buffer + inside, 0, count - inside)
            }
        case .extents:
            let extent = ExtentList.Extent(
                lengthBytes: UInt64(count),
                isHole: false,
                readsZero: false
            )
            _ = slot.pointee.extents?.pointee.append(extent)
        case .write, .writeZeroes, .discard, .flush:
            let error = verdict?(operation) ?? 0
            guard error == 0 else { return .failed(error) }
            if operation == .flush {
                flush = recorder?.beginFlush(number)
            } else {
                guard begin + count <= capacity else { return .failed(ENOSPC) }
                write = change(slot, begin, count)
            }
        }
        guard parks else {
            if let write { recorder?.endWrite(write) }
            if let flush { recorder?.endFlush(flush) }
            return .done
        }
        held.append(Held(request: request, write: write, flush: flush))
        return .parked
    }

    private func change(
        _ slot: UnsafeMutablePointer<RequestSlot>,
        _ begin: Int,
        _ count: Int
    ) -> Int? {
        let operation = slot.pointee.operation
        let isDurable = slot.pointee.flags.contains(.forceUnitAccess)
        if operation == .discard {
            // A disk forgets whole sectors: of others it would have to write what is beside.
            let first = (begin + Self.sectorBytes - 1) & ~(Self.sectorBytes - 1)
            let last = min(begin + count, length) & ~(Self.sectorBytes - 1)
            guard first < last else { return nil }
            memset(memory + first, 0, last - first)
            return recorder?.begin(
                number,
                .discard,
                at: first,
                length: last - first,
                bytes: [],
                isDurable: isDurable
            )
        }
        length = max(length, begin + count)
        if operation == .writeZeroes {
            memset(memory + begin, 0, count)
        } else if let buffer = slot.pointee.buffer {
            memcpy(memory + begin, buffer, count)
        }
        guard let recorder else { return nil }
        // A disk is written in sectors: what is beside the bytes is written, too.
        let first = begin & ~(Self.sectorBytes - 1)
        let last = min((begin + count + Self.sectorBytes - 1) & ~(Self.sectorBytes - 1), length)
        let bytes = Array(UnsafeRawBufferPointer(start: memory + first, count: last - first))
        return recorder.begin(
            number,
            .write,
            at: first,
            length: last - first,
            bytes: bytes,
            isDurable: isDurable
        )
    }

    // MARK: - A node

    var currentSizeBytes: UInt64? { UInt64(length) }

    func limits(over children: [String: BlockLimits]) throws(GraphError) -> BlockLimits {
        var limits = BlockLimits(sizeBytes: UInt64(length), alignmentBytes: alignment)
        limits.grows = true
        return limits
    }

    func makeDriver(in context: DriverContext) -> any BlockDriver { ProbeDriver(disk: self) }
    func prepare(_ opening: DriverOpening) throws(GraphError) -> any PreparedChange { NoChange() }
    func prepareRemoval() -> any PreparedChange { NoChange() }
    func check() throws(GraphError) {}
    func close() -> String? { nil }
}

private final class ProbeDriver: BlockDriver {
    private let disk: ProbeDisk

    init(disk: ProbeDisk) { self.disk = disk }

    var movesPages: Bool { false }

    func submit(_ request: BlockRequest) -> BlockStatus { disk.submit(request) }
}
