internal import BlockGraph
internal import Glibc
internal import RingLoop

/// One loop's view of a `copy-before-write` node.
///
/// A write waits until the old data of its clusters is in the target; then it goes on:
///
/// ```
/// write --all saved--> handed on
///       --else--> enter the gate --> read old data --> write it to the target --+--> handed on
///                                     ^                     (next run)          |
///                                     +-----------------------------------------+
///                 any of it fails or takes too long: the write fails, or the point in time does
/// ```
/// A read of the point in time (``RequestFlags/preserved``) takes saved clusters from the target
/// and others from the file, and shares the gate meanwhile, so that nothing is overwritten under
/// it. Both sides may be served on different loops.
///
/// Coming needs a drain, since the point in time lies between two requests; going needs one, since
/// a write that waits here has not begun.
final class CopyBeforeWriteDriver: BlockDriver, ErrandRunner {
    /// Longest run that is saved at once, in bytes.
    private static let runBytesMax: UInt64 = 1 << 20

    private enum Step: Int {
        case enter, find, read, written
        case look, took
    }

    private let node: OpenCopyBeforeWrite
    private let loop: EventLoop
    private let file: Edge
    private let target: Edge
    private let moment: PointInTime
    private var settings: OpenCopyBeforeWrite.Settings
    private lazy var errands = ErrandPool(runner: self, slotCount: 1, loop: loop)

    init(node: OpenCopyBeforeWrite, loop: EventLoop, file: Edge, target: Edge) {
        self.node = node
        self.loop = loop
        self.file = file
        self.target = target
        moment = node.moment
        settings = node.currentSettings
    }

    var movesPages: Bool { file.movesPages && !settings.rules.detectsZeroes }
    var lendsPages: Bool { file.lendsPages && !settings.rules.detectsZeroes }

    func submit(_ request: BlockRequest) -> BlockStatus {
        let slot = request.slot
        let isPreserved = slot.pointee.flags.contains(.preserved)
        switch slot.pointee.operation {
        case .flush: return handOn(request)
        case .read, .extents:
            return isPreserved && slot.pointee.lengthBytes > 0
                ? errands.start(request) : handOn(request)
        case .discard where settings.rules.ignoresDiscards: return .done
        case .write, .discard, .writeZeroes:
            let begin = slot.pointee.offsetBytes
            let range = begin..<(begin + slot.pointee.lengthBytes)
            if slot.pointee.flags.contains(.unchanged) || moment.needsNothing(range) {
                return handOn(request)
            }
            return errands.start(request)
        }
    }

    func optionsChanged() { settings = node.currentSettings }

    func handOn(_ request: BlockRequest) -> BlockStatus { settings.rules.submit(request, to: file) }

    func advance(_ errand: Errand) {
        switch errand.operation {
        case .read: advanceRead(errand)
        case .extents: advanceExtents(errand)
        default: advanceWrite(errand)
        }
    }

    private func range(_ errand: Errand) -> Range<UInt64> {
        moment.clusters(errand.offsetBytes..<(errand.offsetBytes + errand.lengthBytes))
    }

    // MARK: - Writes

    private func advanceWrite(_ errand: Errand) {
        switch Step(rawValue: errand.step) ?? .enter {
        case .find: saveNext(errand)
        case .read:
            guard errand.status() == .done, let old = errand.scratch else {
                return saveFailed(errand)
            }
            let isZero = ZeroScan.isZero(old, count: Int(errand.pieceBytes))
            errand.step = Step.written.rawValue
            errand.send(
                isZero ? .writeZeroes : .write,
                to: target,
                offset: errand.number,
                length: errand.pieceBytes,
                buffer: old,
                flags: isZero ? .mayUnmap : []
            )
        case .written:
            guard errand.status() == .done else { return saveFailed(errand) }
            moment.markSaved(errand.number..<(errand.number + errand.pieceBytes))
            errand.number += errand.pieceBytes
            errand.step = Step.find.rawValue
        default:
            let range = range(errand)
            errand.number = range.lowerBound
            errand.step = Step.find.rawValue
            if settings.timeoutNanoseconds > 0 {
                errand.setDeadline(nanoseconds: settings.timeoutNanoseconds)
            }
            errand.enter(moment.gate, range, isShared: false)
        }
    }

    private func saveNext(_ errand: Errand) {
        let end = range(errand).upperBound
        while errand.number < end, !moment.isBroken {
            let run = moment.run(errand.number..<end)
            guard !run.isSaved else {
                errand.number = run.endBytes
                continue
            }
            let longest = max(Self.runBytesMax, moment.clusterBytes)
            errand.pieceBytes = min(run.endBytes - errand.number, longest)
            errand.step = Step.read.rawValue
            return errand.send(
                .read,
                to: file,
                offset: errand.number,
                length: errand.pieceBytes,
                buffer: errand.takeScratch(Int(errand.pieceBytes))
            )
        }
        errand.endHandingOn()
    }

    private func saveFailed(_ errand: Errand) {
        let status = errand.status()
        guard settings.breaksSnapshot else {
            moment.recordRefusal(status.errorNumber)
            return errand.end(status)
        }
        moment.giveUp(status.errorNumber)
        errand.endHandingOn()
    }

    /// The write goes its way; what saves its old data goes on, and holds the gate as long.
    func deadlinePassed(_ errand: Errand) {
        guard settings.breaksSnapshot else {
            moment.recordRefusal(ETIMEDOUT)
            return errand.detach(answering: .failed(ETIMEDOUT))
        }
        moment.giveUp(ETIMEDOUT)
        errand.detachHandingOn()
    }

    // MARK: - The point in time

    private func advanceRead(_ errand: Errand) {
        let end = errand.offsetBytes + errand.lengthBytes
        switch Step(rawValue: errand.step) ?? .enter {
        case .took:
            guard errand.status() == .done else { return errand.end(errand.status()) }
            // Writes that did not wait for this read come after the point in time was given up.
            if moment.isBroken { return errand.end(.failed(EIO)) }
            errand.progressBytes += errand.pieceBytes
            fallthrough
        case .look:
            let begin = errand.offsetBytes + errand.progressBytes
            guard begin < end else { return errand.end(.done) }
            guard !moment.isBroken, let memory = errand.payload() else {
                return errand.end(.failed(EIO))
            }
            let run = moment.run(begin..<end)
            errand.pieceBytes = run.endBytes - begin
            errand.step = Step.took.rawValue
            errand.send(
                .read,
                to: run.isSaved ? target : file,
                offset: begin,
                length: errand.pieceBytes,
                buffer: memory + Int(errand.progressBytes)
            )
        default: share(errand)
        }
    }

    private func advanceExtents(_ errand: Errand) {
        let end = errand.offsetBytes + errand.lengthBytes
        guard let list = errand.request?.slot.pointee.extents else {
            return errand.end(.failed(EINVAL))
        }
        switch Step(rawValue: errand.step) ?? .enter {
        case .took:
            guard errand.status() == .done, let found = errand.extents, found.count > 0 else {
                return errand.end(errand.status() == .done ? .failed(EIO) : errand.status())
            }
            for index in 0..<found.count {
                guard list.pointee.append(found[index]) else { return errand.end(.done) }
            }
            if errand.flags.contains(.oneExtent) { return errand.end(.done) }
            errand.progressBytes += found.coveredBytes
            fallthrough
        case .look:
            let begin = errand.offsetBytes + errand.progressBytes
            guard begin < end else { return errand.end(.done) }
            if moment.isBroken { return errand.end(.failed(EIO)) }
            let run = moment.run(begin..<end)
            errand.step = Step.took.rawValue
            errand.send(
                .extents,
                to: run.isSaved ? target : file,
                offset: begin,
                length: run.endBytes - begin,
                flags: errand.flags.intersection(.oneExtent)
            )
        default: share(errand)
        }
    }

    private func share(_ errand: Errand) {
        errand.step = Step.look.rawValue
        errand.enter(moment.gate, range(errand), isShared: true)
    }
}
