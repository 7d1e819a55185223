internal import BlockGraph
internal import Glibc
internal import RingLoop

/// One loop's view of a `quorum` node.
///
/// ```
/// write, zeroes, flush --> all children --> enough did it: done; else the error of most
/// read (quorum) --> all children --> most agree: theirs (others are mended) --> next piece
///                                --> too few agree: EIO, or the error of most
/// read (fifo)   --> first child --fails--> the next one --> ...
/// ```
/// Discards are not passed on: what is discarded may read as anything, and the copies would differ.
///
/// Coming, going and other children need a drain: a write that is under way has to reach all copies
/// that later reads ask.
final class QuorumDriver: BlockDriver, ErrandRunner {
    /// Longest piece of a read that is voted on at once, in bytes.
    static let pieceBytesMax: UInt64 = 256 << 10

    private enum Step: Int {
        case enter, ask, vote, mended, tally, next
    }

    let children: [Edge]
    let node: OpenQuorum
    private let loop: EventLoop
    private(set) var settings: QuorumSettings
    private lazy var errands = ErrandPool(runner: self, slotCount: children.count, loop: loop)

    init(node: OpenQuorum, loop: EventLoop, children: [Edge]) {
        self.node = node
        self.loop = loop
        self.children = children
        settings = node.currentSettings
    }

    var movesPages: Bool { false }

    func submit(_ request: BlockRequest) -> BlockStatus {
        request.slot.pointee.operation == .discard ? .done : errands.start(request)
    }

    func optionsChanged() { settings = node.currentSettings }

    func handOn(_ request: BlockRequest) -> BlockStatus {
        preconditionFailure("a quorum answers its requests itself")
    }

    func advance(_ errand: Errand) {
        switch errand.operation {
        case .read where settings.isFirstBelieved: askOneByOne(errand)
        case .read: advanceRead(errand)
        case .extents: advanceExtents(errand)
        case .write, .writeZeroes, .flush, .discard: advanceWrite(errand)
        }
    }

    private func range(_ errand: Errand) -> Range<UInt64> {
        errand.offsetBytes..<(errand.offsetBytes + errand.lengthBytes)
    }

    // MARK: - To all

    private func advanceWrite(_ errand: Errand) {
        switch Step(rawValue: errand.step) ?? .enter {
        case .enter where errand.operation != .flush:
            errand.step = Step.ask.rawValue
            errand.enter(node.gate, range(errand), isShared: false)
        case .enter, .ask:
            let payload = errand.operation == .write ? errand.payload() : nil
            let (operation, flags) = settings.rules.applied(
                to: errand.operation,
                errand.flags,
                payload: payload,
                lengthBytes: errand.lengthBytes
            )
            errand.step = Step.tally.rawValue
            for index in children.indices {
                errand.send(
                    operation,
                    slot: index,
                    to: children[index],
                    offset: errand.offsetBytes,
                    length: errand.lengthBytes,
                    buffer: payload,
                    // One copy that takes a fast way and one that refuses would differ.
                    flags: flags.subtracting(.fastOnly)
                )
            }
        default: errand.end(tally(errand))
        }
    }

    /// Done when enough children did it; otherwise the error that most of them gave.
    private func tally(_ errand: Errand) -> BlockStatus {
        for index in children.indices where errand.status(index) != .done {
            node.recordFault(of: children[index].name)
        }
        let successes = children.indices.count { errand.status($0) == .done }
        return successes >= settings.threshold ? .done : errorOfMost(errand)
    }

    private func errorOfMost(_ errand: Errand) -> BlockStatus {
        var (best, bestCount) = (BlockStatus.failed(EIO), 0)
        for index in children.indices where errand.status(index) != .done {
            let status = errand.status(index)
            let count = children.indices.count { errand.status($0) == status }
            if count > bestCount { (best, bestCount) = (status, count) }
        }
        return best
    }

    // MARK: - Reading by vote

    private func advanceRead(_ errand: Errand) {
        switch Step(rawValue: errand.step) ?? .enter {
        case .enter:
            errand.step = Step.ask.rawValue
            errand.enter(node.gate, range(errand), isShared: true)
        case .vote: vote(errand)
        case .ask, .mended, .tally, .next: askAll(errand)
        }
    }

    private func askAll(_ errand: Errand) {
        let left = errand.lengthBytes - errand.progressBytes
        guard left > 0 else { return errand.end(.done) }
        errand.pieceBytes = min(left, Self.pieceBytesMax)
        let length = Int(errand.pieceBytes)
        let memory = errand.takeScratch(length * children.count)
        errand.step = Step.vote.rawValue
        for index in children.indices {
            errand.send(
                .read,
                slot: index,
                to: children[index],
                offset: errand.offsetBytes + errand.progressBytes,
                length: errand.pieceBytes,
                buffer: memory + index * length
            )
        }
    }

    private func vote(_ errand: Errand) {
        guard let payload = errand.payload(), let memory = errand.scratch else {
            return errand.end(.failed(EINVAL))
        }
        let length = Int(errand.pieceBytes)
        let readable = children.indices.filter { errand.status($0) == .done }
        for index in children.indices where !readable.contains(index) {
            node.recordFault(of: children[index].name)
        }
        guard readable.count >= settings.threshold else { return errand.end(errorOfMost(errand)) }
        guard let ballot = Ballot(readable, memory, length), ballot.count >= settings.threshold
        else { return errand.end(.failed(EIO)) }
        let winner = memory + ballot.winner * length
        memcpy(payload + Int(errand.progressBytes), winner, length)
        let begin = errand.offsetBytes + errand.progressBytes
        errand.progressBytes += errand.pieceBytes
        errand.step = Step.mended.rawValue
        for index in ballot.losers {
            node.recordFault(of: children[index].name)
            guard settings.mends else { continue }
            // Whether it helps shows at the next read.
            errand.send(
                .write,
                slot: index,
                to: children[index],
                offset: begin,
                length: UInt64(length),
                buffer: winner
            )
        }
    }

    // MARK: - One after the other

    private func askOneByOne(_ errand: Errand) {
        switch Step(rawValue: errand.step) ?? .enter {
        case .enter:
            errand.step = Step.ask.rawValue
            errand.enter(node.gate, range(errand), isShared: true)
        case .next:
            let status = errand.status(errand.count)
            guard status != .done else { return errand.end(.done) }
            node.recordFault(of: children[errand.count].name)
            errand.count += 1
            guard errand.count < children.count else { return errand.end(status) }
            fallthrough
        default:
            errand.step = Step.next.rawValue
            errand.send(
                .read,
                slot: errand.count,
                to: children[errand.count],
                offset: errand.offsetBytes,
                length: errand.lengthBytes,
                buffer: errand.payload()
            )
        }
    }

    /// A run is as long as the shortest of the children's, and zero when enough of them say so.
    private func advanceExtents(_ errand: Errand) {
        guard let list = errand.request?.slot.pointee.extents else {
            return errand.end(.failed(EINVAL))
        }
        if Step(rawValue: errand.step) == .next {
            takeExtent(errand)
            if errand.count == children.count {
                let isZero = errand.number >= UInt64(settings.threshold)
                let run = ExtentList.Extent(
                    lengthBytes: errand.pieceBytes,
                    isHole: isZero && errand.number == UInt64(children.count),
                    readsZero: isZero
                )
                errand.progressBytes += errand.pieceBytes
                (errand.pieceBytes, errand.count, errand.number) = (0, 0, 0)
                guard list.pointee.append(run), !errand.flags.contains(.oneExtent) else {
                    return errand.end(.done)
                }
            }
        }
        let left = errand.lengthBytes - errand.progressBytes
        guard left > 0 else { return errand.end(.done) }
        if errand.count == 0 { errand.pieceBytes = left }
        errand.step = Step.next.rawValue
        errand.send(
            .extents,
            to: children[errand.count],
            offset: errand.offsetBytes + errand.progressBytes,
            length: errand.pieceBytes,
            flags: .oneExtent
        )
    }

    private func takeExtent(_ errand: Errand) {
        errand.count += 1
        guard errand.status() == .done, let found = errand.extents, found.count > 0 else { return }
        errand.pieceBytes = min(errand.pieceBytes, found[0].lengthBytes)
        if found[0].readsZero { errand.number += 1 }
    }
}
