internal import BlockGraph
internal import Glibc
internal import RingLoop

/// One loop's view of a `blkverify` node: everything goes to both children.
///
/// ```
/// write, zeroes, flush --> both --> the same outcome: it is the answer; else EIO
/// read --> both --> the same bytes: done --> next piece
///               --> other bytes, or one of them failed: EIO, and a sentence when it closes
/// ```
/// Discards are not passed on: what is discarded may read as anything. Coming and going needs a
/// drain: both have to see the same writes.
final class BlkverifyDriver: BlockDriver, ErrandRunner {
    /// Longest piece that is compared at once, in bytes.
    private static let pieceBytesMax: UInt64 = 1 << 20
    private static let rawSlot = 0
    private static let testSlot = 1

    private enum Step: Int {
        case enter, ask, compare
    }

    private let node: OpenBlkverify
    private let loop: EventLoop
    private let raw: Edge
    private let test: Edge
    private var rules: NodeRules
    private lazy var errands = ErrandPool(runner: self, slotCount: 2, loop: loop)

    init(node: OpenBlkverify, loop: EventLoop, raw: Edge, test: Edge) {
        self.node = node
        self.loop = loop
        self.raw = raw
        self.test = test
        rules = node.currentRules
    }

    var movesPages: Bool { false }

    func submit(_ request: BlockRequest) -> BlockStatus {
        switch request.slot.pointee.operation {
        case .discard: .done
        case .extents: raw.submit(request)
        case .read, .write, .writeZeroes, .flush: errands.start(request)
        }
    }

    func optionsChanged() { rules = node.currentRules }

    func handOn(_ request: BlockRequest) -> BlockStatus { raw.submit(request) }

    func advance(_ errand: Errand) {
        let isRead = errand.operation == .read
        switch Step(rawValue: errand.step) ?? .enter {
        case .enter:
            errand.step = Step.ask.rawValue
            let end = errand.offsetBytes + errand.lengthBytes
            errand.enter(node.gate, errand.offsetBytes..<end, isShared: isRead)
        case .ask: isRead ? askForPiece(errand) : change(errand)
        case .compare: isRead ? comparePiece(errand) : compareOutcomes(errand)
        }
    }

    private func change(_ errand: Errand) {
        let payload = errand.operation == .write ? errand.payload() : nil
        let (operation, flags) = rules.applied(
            to: errand.operation,
            errand.flags,
            payload: payload,
            lengthBytes: errand.lengthBytes
        )
        errand.step = Step.compare.rawValue
        for (slot, edge) in [(Self.rawSlot, raw), (Self.testSlot, test)] {
            errand.send(
                operation,
                slot: slot,
                to: edge,
                offset: errand.offsetBytes,
                length: errand.lengthBytes,
                buffer: payload,
                // One that is fast and one that refuses would differ.
                flags: flags.subtracting(.fastOnly)
            )
        }
    }

    private func askForPiece(_ errand: Errand) {
        let left = errand.lengthBytes - errand.progressBytes
        guard left > 0 else { return errand.end(.done) }
        guard let payload = errand.payload() else { return errand.end(.failed(EINVAL)) }
        errand.pieceBytes = min(left, Self.pieceBytesMax)
        let offset = errand.offsetBytes + errand.progressBytes
        let memory = payload + Int(errand.progressBytes)
        let copy = errand.takeScratch(Int(errand.pieceBytes))
        errand.step = Step.compare.rawValue
        for (slot, edge, buffer) in [(Self.rawSlot, raw, memory), (Self.testSlot, test, copy)] {
            errand.send(
                .read,
                slot: slot,
                to: edge,
                offset: offset,
                length: errand.pieceBytes,
                buffer: buffer
            )
        }
    }

    private func comparePiece(_ errand: Errand) {
        guard outcomesAreEqual(errand) else { return errand.end(.failed(EIO)) }
        guard errand.status(Self.rawSlot) == .done else {
            return errand.end(errand.status(Self.rawSlot))
        }
        guard let payload = errand.payload(), let copy = errand.scratch else {
            return errand.end(.failed(EIO))
        }
        let memory = payload + Int(errand.progressBytes)
        let length = Int(errand.pieceBytes)
        guard memcmp(memory, copy, length) == 0 else {
            let place = firstDifference(memory, copy, length)
            let offset = errand.offsetBytes + errand.progressBytes + UInt64(place)
            node.recordDifference("their bytes at offset \(offset)")
            return errand.end(.failed(EIO))
        }
        errand.progressBytes += errand.pieceBytes
        errand.step = Step.ask.rawValue
    }

    private func compareOutcomes(_ errand: Errand) {
        errand.end(outcomesAreEqual(errand) ? errand.status(Self.rawSlot) : .failed(EIO))
    }

    private func outcomesAreEqual(_ errand: Errand) -> Bool {
        let (right, tried) = (errand.status(Self.rawSlot), errand.status(Self.testSlot))
        if right == tried { return true }
        node.recordDifference(
            "the outcome of a \(errand.operation) at offset \(errand.offsetBytes): error "
                + "\(right.errorNumber) and \(tried.errorNumber)"
        )
        return false
    }

    private func firstDifference(
        _ one: UnsafeRawPointer,
        _ other: UnsafeRawPointer,
        _ count: Int
    ) -> Int {
        for index in 0..<count
        where one.load(fromByteOffset: index, as: UInt8.self)
            != other.load(fromByteOffset: index, as: UInt8.self)
        {
            return index
        }
        return count
    }
}
