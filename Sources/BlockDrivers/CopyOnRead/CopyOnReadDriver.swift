internal import BlockGraph
internal import Glibc
internal import RingLoop

/// One loop's view of a `copy-on-read` node.
///
/// A read asks in which layers its bytes are. When some are below the overlay, they are copied up
/// cluster by cluster, and then the read goes on as if they had always been there:
///
/// ```
/// look --all in the overlay--> handed on
///      --some below--> enter the gate --> find a run --> read it --> write it (unchanged) --+
///                                           ^                                              |
///                                           +----------------------------------------------+
///                                           +--> no run is left: leave the gate, handed on
/// ```
/// Writes wait for copies of the same bytes and the other way round: a copy of old bytes must not
/// land on new ones. A copy that cannot be written harms nobody but later reads' speed, so that the
/// read is answered with what the backing says.
///
/// Coming and going needs a drain: a write that began beside the node is not in its gate, and a
/// copy that is under way could overwrite it. With nothing below the overlay it costs nothing.
final class CopyOnReadDriver: BlockDriver, ErrandRunner {
    /// Longest run that is copied at once, in bytes.
    private static let runBytesMax: UInt64 = 1 << 20

    private enum Step: Int {
        case look, looked, find, found, read, written
        case write, wrote
    }

    private let node: OpenCopyOnRead
    private let loop: EventLoop
    private let file: Edge
    private var rules: NodeRules
    private var reach: OpenCopyOnRead.Reach
    private lazy var errands = ErrandPool(runner: self, slotCount: 1, loop: loop)

    init(node: OpenCopyOnRead, loop: EventLoop, file: Edge) {
        self.node = node
        self.loop = loop
        self.file = file
        rules = node.currentRules
        reach = node.currentReach
    }

    private var copies: Bool { reach.depthMax > 1 && !reach.isReadOnly }

    var movesPages: Bool { !copies && !rules.detectsZeroes && file.movesPages }
    var lendsPages: Bool { !copies && !rules.detectsZeroes && file.lendsPages }

    func submit(_ request: BlockRequest) -> BlockStatus {
        guard copies, request.slot.pointee.lengthBytes > 0 else { return handOn(request) }
        switch request.slot.pointee.operation {
        case .flush, .extents: return handOn(request)
        case .discard where rules.ignoresDiscards: return .done
        case .read, .write, .discard, .writeZeroes: return errands.start(request)
        }
    }

    func optionsChanged() {
        rules = node.currentRules
        reach = node.currentReach
    }

    func handOn(_ request: BlockRequest) -> BlockStatus { rules.submit(request, to: file) }

    func advance(_ errand: Errand) {
        guard errand.operation == .read else { return advanceWrite(errand) }
        switch Step(rawValue: errand.step) ?? .look {
        case .look:
            ask(errand, from: errand.offsetBytes, to: errand.offsetBytes + errand.lengthBytes)
            errand.step = Step.looked.rawValue
        case .looked: beginCopying(errand)
        case .find:
            guard errand.number < errand.progressBytes else { return errand.endHandingOn() }
            ask(errand, from: errand.number, to: errand.progressBytes)
            errand.step = Step.found.rawValue
        case .found: takeRun(errand)
        case .read: store(errand)
        case .written:
            guard errand.status() == .done else { return errand.endHandingOn() }
            errand.number += errand.pieceBytes
            errand.step = Step.find.rawValue
        case .write, .wrote: preconditionFailure("a read that writes")
        }
    }

    private func ask(_ errand: Errand, from begin: UInt64, to end: UInt64) {
        errand.send(.extents, to: file, offset: begin, length: end - begin, flags: .layered)
    }

    private func isBelow(_ extent: ExtentList.Extent) -> Bool {
        extent.depth > 1 && extent.depth <= reach.depthMax
    }

    /// Enters the gate with the whole clusters of what is below the overlay, if anything is.
    private func beginCopying(_ errand: Errand) {
        guard errand.status() == .done, let list = errand.extents else {
            return errand.endHandingOn()
        }
        var (begin, end) = (UInt64.max, UInt64.zero)
        var offset = errand.offsetBytes
        for index in 0..<list.count {
            let next = offset + list[index].lengthBytes
            if isBelow(list[index]) { (begin, end) = (min(begin, offset), next) }
            offset = next
        }
        guard begin < end else { return errand.endHandingOn() }
        let cluster = reach.clusterBytes
        begin -= begin % cluster
        end = min(reach.sizeBytes, (end + cluster - 1) / cluster * cluster)
        (errand.number, errand.progressBytes) = (begin, end)
        errand.step = Step.find.rawValue
        errand.enter(node.gate, begin..<end, isShared: false)
    }

    /// Reads the first run that is still below the overlay.
    private func takeRun(_ errand: Errand) {
        guard errand.status() == .done, let list = errand.extents else {
            return errand.endHandingOn()
        }
        var offset = errand.number
        for index in 0..<list.count {
            let extent = list[index]
            if isBelow(extent) {
                (errand.number, errand.pieceBytes) = (
                    offset, min(extent.lengthBytes, Self.runBytesMax)
                )
                errand.step = Step.read.rawValue
                return errand.send(
                    .read,
                    to: file,
                    offset: offset,
                    length: errand.pieceBytes,
                    buffer: errand.takeScratch(Int(errand.pieceBytes))
                )
            }
            offset += extent.lengthBytes
        }
        guard offset > errand.number else { return errand.endHandingOn() }
        errand.number = offset
        errand.step = Step.find.rawValue
    }

    private func store(_ errand: Errand) {
        guard errand.status() == .done, let copy = errand.scratch else {
            return errand.endHandingOn()
        }
        let isZero = ZeroScan.isZero(copy, count: Int(errand.pieceBytes))
        errand.step = Step.written.rawValue
        errand.send(
            isZero ? .writeZeroes : .write,
            to: file,
            offset: errand.number,
            length: errand.pieceBytes,
            buffer: copy,
            flags: isZero ? [.unchanged, .mayUnmap] : .unchanged
        )
    }

    /// Writes go together with each other, and with no copy of the same bytes.
    private func advanceWrite(_ errand: Errand) {
        switch Step(rawValue: errand.step) ?? .look {
        case .wrote: errand.end(errand.status())
        case .write:
            let payload = errand.operation == .write ? errand.payload() : nil
            guard payload != nil || errand.operation != .write else {
                return errand.end(.failed(EIO))
            }
            let (operation, flags) = rules.applied(
                to: errand.operation,
                errand.flags,
                payload: payload,
                lengthBytes: errand.lengthBytes
            )
            errand.step = Step.wrote.rawValue
            errand.send(
                operation,
                to: file,
                offset: errand.offsetBytes,
                length: errand.lengthBytes,
                buffer: payload,
                flags: flags
            )
        default:
            errand.step = Step.write.rawValue
            let end = errand.offsetBytes + errand.lengthBytes
            errand.enter(node.gate, errand.offsetBytes..<end, isShared: true)
        }
    }
}
