internal import BlockGraph
internal import RingLoop

/// One loop's view of a `preallocate` node.
///
/// A write that makes the file longer takes space for many more of them at once, behind the file's
/// end, so that the file system finds it in one piece. The file does not look longer for it: the
/// space is there, the size is what was written.
///
/// ```
/// write --ends where space is taken--> handed on
///       --ends behind it--> enter the gate --> take space --> handed on
/// ```
/// Taking space zeroes it; writes behind the end wait for that, and later ones find it done. A disk
/// of a fixed size never grows, and then this does nothing. Coming and going needs a drain: a write
/// that passes by must not lie where space is about to be taken.
final class PreallocateDriver: BlockDriver, ErrandRunner {
    private enum Step: Int {
        case enter, take, took
    }

    private let node: OpenPreallocate
    private let loop: EventLoop
    private let file: Edge
    private var settings: OpenPreallocate.Settings
    private lazy var errands = ErrandPool(runner: self, slotCount: 1, loop: loop)

    init(node: OpenPreallocate, loop: EventLoop, file: Edge) {
        self.node = node
        self.loop = loop
        self.file = file
        settings = node.currentSettings
    }

    var movesPages: Bool { file.movesPages && !settings.rules.detectsZeroes }
    var lendsPages: Bool { file.lendsPages && !settings.rules.detectsZeroes }

    func submit(_ request: BlockRequest) -> BlockStatus {
        let slot = request.slot
        switch slot.pointee.operation {
        case .read, .flush, .extents, .discard: return handOn(request)
        case .write, .writeZeroes:
            guard settings.stepBytes > 0, let end = node.endBytes,
                slot.pointee.offsetBytes + slot.pointee.lengthBytes > end
            else { return handOn(request) }
            return errands.start(request)
        }
    }

    func optionsChanged() { settings = node.currentSettings }

    func handOn(_ request: BlockRequest) -> BlockStatus { settings.rules.submit(request, to: file) }

    func advance(_ errand: Errand) {
        switch Step(rawValue: errand.step) ?? .enter {
        case .enter:
            errand.step = Step.take.rawValue
            errand.enter(node.gate, 0..<UInt64.max, isShared: false)
        case .take: takeSpace(errand)
        case .took:
            // Without space that is taken early the write still works.
            node.setEnd(errand.status() == .done ? errand.number : nil)
            errand.endHandingOn()
        }
    }

    private func takeSpace(_ errand: Errand) {
        let writeEnd = errand.offsetBytes + errand.lengthBytes
        guard let end = node.endBytes, writeEnd > end else { return errand.endHandingOn() }
        let (wanted, overflows) = writeEnd.addingReportingOverflow(settings.stepBytes)
        let alignment = max(settings.alignmentBytes, 1)
        let (rounded, overflowsToo) = (wanted / alignment + 1)
            .multipliedReportingOverflow(by: alignment)
        guard !overflows, !overflowsToo, rounded < UInt64(Int64.max) else {
            return errand.endHandingOn()
        }
        errand.number = rounded
        errand.step = Step.took.rawValue
        errand.send(
            .writeZeroes,
            to: file,
            offset: end,
            length: rounded - end,
            flags: .fastOnly
        )
    }
}
