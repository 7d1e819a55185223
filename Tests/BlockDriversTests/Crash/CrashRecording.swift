import Glibc

/// A client's stay at a disk: what was asked, what went to the files, and what may be read when.
// Not checked: a bench fills it, and hands it on when nothing is in flight any more.
final class CrashRecording: @unchecked Sendable {
    /// One request.
    struct Ask {
        let operation: CrashOperation
        /// Where in ``contents`` the sectors are that it leaves.
        let content: Int
        let asked: Int
        var answered = Int.max

        var sectors: Range<Int> {
            operation.length == 0
                ? 0..<0 : (operation.offset / 512)..<((operation.end + 511) / 512)
        }
    }

    /// Files of one image of the chain.
    struct Layer {
        let file: Int
        let data: Int?
    }

    let image: CrashCase
    let recorder = WriteRecorder()
    /// What the disks held at first.
    var disks: [[UInt8]] = []
    var layers: [Layer] = []
    private(set) var asks: [Ask] = []
    /// Content of sectors that requests left; at the start: zeroes, then what was there at first.
    private(set) var contents: [UInt8]
    /// What a guest reads by now.
    private(set) var latest: [UInt8]

    /// Where in ``contents`` a sector's first content is.
    static func initialContent(_ sector: Int) -> Int { 512 + sector * 512 }

    init(_ image: CrashCase, guest: [UInt8]) {
        self.image = image
        latest = guest
        contents = [UInt8](repeating: 0, count: 512) + guest
    }

    /// Takes note of a request, before it is made.
    func ask(_ operation: CrashOperation, bytes: [UInt8]) -> Int {
        let content = contents.count
        let ask = Ask(operation: operation, content: content, asked: recorder.now)
        switch operation.kind {
        case .write:
            latest.replaceSubrange(operation.offset..<operation.end, with: bytes)
        case .zero, .discard:
            let zeroes = repeatElement(UInt8(0), count: operation.length)
            var after = latest
            after.replaceSubrange(operation.offset..<operation.end, with: zeroes)
            if operation.kind == .zero {
                latest = after
            } else {
                let range = ask.sectors.lowerBound * 512..<ask.sectors.upperBound * 512
                contents += after[range]
            }
        case .flush, .overlay, .grow: break
        }
        if operation.kind == .write || operation.kind == .zero {
            contents += latest[ask.sectors.lowerBound * 512..<ask.sectors.upperBound * 512]
        }
        asks.append(ask)
        recorder.note(.asked(asks.count - 1))
        return asks.count - 1
    }

    func answer(_ index: Int) {
        asks[index].answered = recorder.now
        recorder.note(.answered(index))
    }

    /// Tells what a guest reads where something was discarded.
    ///
    /// - Returns: Whether each byte is what it was, or zero.
    func found(_ bytes: [UInt8], at offset: Int) -> Bool {
        let range = offset..<(offset + bytes.count)
        let isLegal = zip(bytes, latest[range]).allSatisfy { $0 == 0 || $0 == $1 }
        latest.replaceSubrange(range, with: bytes)
        return isLegal
    }

    /// Prints what happened, for people who look for a fault.
    func tell(upTo last: Int) {
        for (number, moment) in recorder.moments.prefix(last + 1).enumerated() {
            switch moment {
            case .asked(let index): print(number, "asked", index, asks[index].operation)
            case .writeBegan(let index):
                let write = recorder.writes[index]
                let kind = write.isDurable ? "durable \(write.kind)" : "\(write.kind)"
                print(number, kind, index, "disk", write.disk, write.offset, write.length)
            default: print(number, moment)
            }
        }
    }

    /// An overlay is what is served from now on.
    func stack(_ layer: Layer) {
        layers.append(layer)
        recorder.note(.stacked(layers.count))
    }
}

/// What each sector may read as, at some moment.
struct PossibleContent {
    private struct Version {
        let ask: Int
        /// Where the content is; see ``CrashRecording/contents``.
        let content: Int
        /// What was discarded may read as before, for ever.
        let keepsPrevious: Bool
        var answered: Int
    }

    private var sectors: [[Version]]

    init(_ recording: CrashRecording) {
        sectors = (0..<(recording.latest.count / 512)).map { sector in
            let content = CrashRecording.initialContent(sector)
            return [Version(ask: -1, content: content, keepsPrevious: false, answered: -1)]
        }
    }

    mutating func asked(_ index: Int, _ ask: CrashRecording.Ask) {
        for (place, sector) in ask.sectors.enumerated() {
            sectors[sector].append(
                Version(
                    ask: index,
                    content: ask.content + place * 512,
                    keepsPrevious: ask.operation.kind == .discard,
                    answered: .max
                )
            )
        }
    }

    mutating func answered(_ index: Int, _ ask: CrashRecording.Ask) {
        for sector in ask.sectors {
            guard let place = sectors[sector].firstIndex(where: { $0.ask == index }) else {
                continue
            }
            sectors[sector][place].answered = ask.answered
            // A durable discard may have left everything as it was, flushed or not.
            if ask.operation.isDurable, ask.operation.kind != .discard {
                forget(sector, before: place)
            }
        }
        guard ask.operation.kind == .flush else { return }
        for sector in sectors.indices where sectors[sector].count > 1 {
            let last = sectors[sector].lastIndex { $0.answered < ask.asked }
            if let last { forget(sector, before: last) }
        }
    }

    private mutating func forget(_ sector: Int, before place: Int) {
        var first = place
        while first > 0, sectors[sector][first].keepsPrevious { first -= 1 }
        sectors[sector].removeFirst(first)
    }

    /// Whether a sector may hold that, or zeroes when there is nothing.
    func allows(
        _ sector: Int,
        _ bytes: UnsafeRawPointer?,
        in contents: UnsafeRawPointer
    ) -> Bool {
        sectors[sector].contains { memcmp(contents + $0.content, bytes ?? contents, 512) == 0 }
    }

    /// For texts: requests whose content a sector may have.
    func candidates(_ sector: Int) -> [Int] { sectors[sector].map(\.ask) }
}
