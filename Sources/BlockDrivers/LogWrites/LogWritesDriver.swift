internal import BlockGraph
internal import Glibc
internal import RingLoop

/// One loop's view of a `log-writes` node.
///
/// ```
/// write, zeroes, discard --> the file --done--> the log: head and data, one entry after the other
///                                     --fails--> answered, not logged
/// flush --> the log: an entry that follows everything that was answered before --> the file
/// ```
/// The super block follows each flush, and each `log-super-update-interval` entries. Zeroes are
/// logged as data, as the format has nothing else. What a replay of the first N entries shows is a
/// state in which a crash could have left the disk.
///
/// Coming and going needs a drain: a write that passes by the log would be missing in it.
final class LogWritesDriver: BlockDriver, ErrandRunner {
    private enum Step: Int {
        case begin, answered, entered, headed, logged, saved, passed
    }

    private let node: OpenLogWrites
    private let loop: EventLoop
    private let file: Edge
    private let log: Edge
    private let format: WriteLog
    private var settings: OpenLogWrites.Settings
    private lazy var errands = ErrandPool(runner: self, slotCount: 3, loop: loop)

    init(node: OpenLogWrites, loop: EventLoop, file: Edge, log: Edge) {
        self.node = node
        self.loop = loop
        self.file = file
        self.log = log
        format = node.log
        settings = node.currentSettings
    }

    var movesPages: Bool { false }

    func submit(_ request: BlockRequest) -> BlockStatus {
        switch request.slot.pointee.operation {
        case .read, .extents: file.submit(request)
        case .discard where settings.rules.ignoresDiscards: .done
        case .flush where settings.isReadOnly: file.submit(request)
        case .write, .writeZeroes, .discard, .flush: errands.start(request)
        }
    }

    func optionsChanged() { settings = node.currentSettings }

    func handOn(_ request: BlockRequest) -> BlockStatus { file.submit(request) }

    func advance(_ errand: Errand) {
        switch Step(rawValue: errand.step) ?? .begin {
        case .begin where errand.operation == .flush: enterLog(errand)
        case .begin: pass(errand)
        case .answered:
            guard errand.status() == .done else { return errand.end(errand.status()) }
            guard errand.lengthBytes > 0 else { return errand.end(.done) }
            enterLog(errand)
        case .entered where format.end.isBegun: append(errand)
        case .entered: writeHead(errand)
        case .headed:
            guard errand.status() == .done else { return errand.end(errand.status()) }
            format.begin()
            append(errand)
        case .logged: entryWritten(errand)
        case .saved:
            guard errand.status() == .done else { return errand.end(errand.status()) }
            format.saved(entryCount: errand.number)
            finish(errand)
        case .passed: errand.end(errand.status())
        }
    }

    private func pass(_ errand: Errand) {
        let payload = errand.operation == .write ? errand.payload() : nil
        guard payload != nil || errand.operation != .write || errand.lengthBytes == 0 else {
            return errand.end(.failed(EIO))
        }
        let (operation, flags) = settings.rules.applied(
            to: errand.operation,
            errand.flags,
            payload: payload,
            lengthBytes: errand.lengthBytes
        )
        errand.step = Step.answered.rawValue
        errand.send(
            operation,
            to: file,
            offset: errand.offsetBytes,
            length: errand.lengthBytes,
            buffer: payload,
            flags: flags
        )
    }

    private func enterLog(_ errand: Errand) {
        errand.step = Step.entered.rawValue
        errand.enter(format.gate, 0..<UInt64.max, isShared: false)
    }

    /// Has the log's head tell of this log, and not of the one before, of which entries would follow
    /// those of this one.
    private func writeHead(_ errand: Errand) {
        let sector = errand.takeScratch(Int(format.sectorBytes))
        format.putSuper(into: sector, entryCount: format.end.savedCount)
        errand.step = Step.headed.rawValue
        errand.count = 1
        errand.send(
            .write,
            to: log,
            offset: 0,
            length: format.sectorBytes,
            buffer: sector,
            flags: .forceUnitAccess
        )
    }

    private func append(_ errand: Errand) {
        let begin = format.end.sector * format.sectorBytes
        let data = hasData(errand) ? errand.lengthBytes : 0
        guard begin + format.sectorBytes + data <= node.logLimitBytes else {
            return errand.end(.failed(ENOSPC))
        }
        let head = errand.takeScratch(Int(format.sectorBytes) * 2)
        format.putEntry(
            into: head,
            offsetBytes: errand.offsetBytes,
            lengthBytes: errand.lengthBytes,
            flags: flags(errand)
        )
        errand.step = Step.logged.rawValue
        send(.write, errand, slot: 0, at: begin, length: format.sectorBytes, head)
        guard data > 0 else { return }
        let dataBegin = begin + format.sectorBytes
        guard errand.operation == .writeZeroes else {
            return send(.write, errand, slot: 1, at: dataBegin, length: data, errand.payload())
        }
        // The last sector is written, so that a file is as long as its log says.
        let last = data - format.sectorBytes
        let zeroes = head + Int(format.sectorBytes)
        memset(zeroes, 0, Int(format.sectorBytes))
        send(.write, errand, slot: 1, at: dataBegin + last, length: format.sectorBytes, zeroes)
        if last > 0 { send(.writeZeroes, errand, slot: 2, at: dataBegin, length: last, nil) }
    }

    private func send(
        _ operation: BlockOperation,
        _ errand: Errand,
        slot: Int,
        at offset: UInt64,
        length: UInt64,
        _ buffer: UnsafeMutableRawPointer?
    ) {
        errand.count = slot + 1
        errand.send(operation, slot: slot, to: log, offset: offset, length: length, buffer: buffer)
    }

    private func hasData(_ errand: Errand) -> Bool {
        errand.operation == .write || errand.operation == .writeZeroes
    }

    private func flags(_ errand: Errand) -> WriteLog.Flags {
        switch errand.operation {
        case .flush: .flush
        case .discard: .discard
        default: errand.flags.contains(.forceUnitAccess) ? .forceUnitAccess : []
        }
    }

    private func entryWritten(_ errand: Errand) {
        for slot in 0..<errand.count where errand.status(slot) != .done {
            return errand.end(errand.status(slot))
        }
        let data = hasData(errand) ? errand.lengthBytes / format.sectorBytes : 0
        format.appended(sectorCount: 1 + data)
        let end = format.end
        let isDue = end.entryCount - end.savedCount >= settings.superInterval
        guard isDue || errand.operation == .flush else { return finish(errand) }
        errand.number = end.entryCount
        let sector = errand.takeScratch(Int(format.sectorBytes))
        format.putSuper(into: sector, entryCount: end.entryCount)
        errand.step = Step.saved.rawValue
        send(.write, errand, slot: 0, at: 0, length: format.sectorBytes, sector)
    }

    private func finish(_ errand: Errand) {
        guard errand.operation == .flush else { return errand.end(.done) }
        errand.leaveGate()
        errand.step = Step.passed.rawValue
        errand.send(.flush, to: file, offset: 0, length: 0)
    }
}
