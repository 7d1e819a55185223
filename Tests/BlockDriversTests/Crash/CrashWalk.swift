import Glibc

/// Goes through a recording, and makes what the disks could hold if the power failed there.
///
/// A write is certain when a flush began after its end and has ended; of the others any sector may
/// be there or not, in the order in which they came.
struct CrashWalk {
    /// Which of the uncertain writes are there.
    enum Choice: CaseIterable {
        case all, none, some, torn, allButOne, onlyOne
    }

    /// What one disk holds.
    struct Disk {
        var memory: UnsafeMutableRawPointer
        var length: Int

        var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: length) }
    }

    let recording: CrashRecording
    private(set) var content: PossibleContent
    private(set) var layerCount = 1
    private(set) var now = -1
    /// What is certain, and what the state at hand is made of it.
    private var certain: [Disk] = []
    private(set) var state: [Disk] = []
    /// Writes that began and are not certain.
    private var uncertain: [Int] = []
    private var random: SeededGenerator

    init(_ recording: CrashRecording, seed: UInt64) {
        self.recording = recording
        random = SeededGenerator(seed: seed)
        content = PossibleContent(recording)
        for bytes in recording.disks {
            certain.append(Self.disk(bytes, recording.image.capacity))
            state.append(Self.disk([], recording.image.capacity))
        }
    }

    private static func disk(_ bytes: [UInt8], _ capacity: Int) -> Disk {
        guard let memory = calloc(capacity, 1) else { fatalError("no memory for a disk") }
        memory.copyMemory(from: bytes, byteCount: bytes.count)
        return Disk(memory: memory, length: bytes.count)
    }

    /// Frees the disks.
    func end() { for disk in certain + state { free(disk.memory) } }

    /// Goes on to the next moment at which other states than before are possible, or others legal.
    ///
    /// - Returns: Whether there is one.
    mutating func next() -> Bool {
        while now + 1 < recording.recorder.moments.count {
            now += 1
            switch recording.recorder.moments[now] {
            case .writeBegan(let index):
                uncertain.append(index)
                return true
            case .flushEnded(let index):
                harden(recording.recorder.flushes[index])
                return true
            case .asked(let index): content.asked(index, recording.asks[index])
            case .answered(let index):
                content.answered(index, recording.asks[index])
                return true
            case .stacked(let count):
                layerCount = count
                return true
            case .writeEnded(let index):
                guard recording.recorder.writes[index].isDurable else { break }
                harden(index)
                return true
            case .flushBegan: break
            }
        }
        return false
    }

    private mutating func harden(_ flush: WriteRecorder.Flush) {
        harden { write in write.disk == flush.disk && write.end < flush.begin }
    }

    /// A write is certain by itself.
    private mutating func harden(_ durable: Int) {
        let begin = recording.recorder.writes[durable].begin
        harden { $0.begin == begin }
    }

    /// Some writes are certain, and with each what it lies over.
    private mutating func harden(where isCertain: (WriteRecorder.Write) -> Bool) {
        var chosen: [WriteRecorder.Write] = []
        var left: [Int] = []
        for index in uncertain.reversed() {
            let write = recording.recorder.writes[index]
            let isUnder = chosen.contains { other in
                write.disk == other.disk && write.offset < other.offset + other.length
                    && other.offset < write.offset + write.length
            }
            if isUnder || isCertain(write) { chosen.append(write) } else { left.append(index) }
        }
        for write in chosen.reversed() { Self.apply(write, to: &certain[write.disk]) }
        uncertain = left.reversed()
    }

    private static func apply(
        _ write: WriteRecorder.Write,
        to disk: inout Disk,
        where keeps: (Int) -> Bool = { _ in true }
    ) {
        var offset = write.offset
        let end = write.offset + write.length
        while offset < end {
            let length = min(512 - offset % 512, end - offset)
            if keeps(offset) {
                if write.kind == .write {
                    let place = offset - write.offset
                    write.bytes.withUnsafeBytes { bytes in
                        guard let start = bytes.baseAddress else { return }
                        memcpy(disk.memory + offset, start + place, length)
                    }
                } else {
                    memset(disk.memory + offset, 0, length)
                }
                if write.kind != .discard { disk.length = max(disk.length, offset + length) }
            }
            offset += length
        }
    }

    /// Makes ``state`` one that is possible now.
    mutating func materialise(_ choice: Choice) {
        for number in state.indices {
            let (from, to) = (certain[number], state[number])
            memcpy(to.memory, from.memory, from.length)
            if to.length > from.length {
                memset(to.memory + from.length, 0, to.length - from.length)
            }
            state[number].length = from.length
        }
        var random = random
        let chosen = uncertain.isEmpty ? 0 : Int.random(in: 0..<uncertain.count, using: &random)
        let share = [2, 4, 8].randomElement(using: &random) ?? 2
        let keepsMost = Bool.random(using: &random)
        for (place, index) in uncertain.enumerated() {
            let write = recording.recorder.writes[index]
            var isKept = true
            switch choice {
            case .all, .torn: break
            case .none: isKept = false
            case .some: isKept = Bool.random(using: &random)
            case .allButOne: isKept = place != chosen
            case .onlyOne: isKept = place == chosen
            }
            if choice == .torn {
                Self.apply(write, to: &state[write.disk]) { _ in
                    (Int.random(in: 0..<share, using: &random) > 0) == keepsMost
                }
            } else if isKept {
                Self.apply(write, to: &state[write.disk])
            } else if write.kind != .discard, Int.random(in: 0..<4, using: &random) == 0 {
                // A file may have become longer, and what was written may not be there.
                let end = write.offset + write.length
                state[write.disk].length = max(state[write.disk].length, end)
            }
        }
        self.random = random
    }
}
