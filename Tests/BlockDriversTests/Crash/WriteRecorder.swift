/// What went to some disks and when: enough to know what each could hold at any moment.
///
/// Used by one thread at a time.
final class WriteRecorder {
    enum Kind { case write, zeroes, discard }

    /// One request that changes a disk, in whole sectors of 512 bytes.
    struct Write {
        let disk: Int
        let kind: Kind
        let offset: Int
        let length: Int
        /// What was written; empty for zeroes and discards.
        let bytes: [UInt8]
        /// Whether it is certain when it has ended, without a flush.
        let isDurable: Bool
        let begin: Int
        var end = Int.max
    }

    /// One flush of a disk.
    struct Flush {
        let disk: Int
        let begin: Int
        var end = Int.max
    }

    /// What happened, one after the other; a moment's number is its time.
    enum Moment {
        case writeBegan(Int)
        case writeEnded(Int)
        case flushBegan(Int)
        case flushEnded(Int)
        /// A client's request came, or was answered.
        case asked(Int)
        case answered(Int)
        /// An overlay was put on.
        case stacked(Int)
    }

    private(set) var moments: [Moment] = []
    private(set) var writes: [Write] = []
    private(set) var flushes: [Flush] = []

    var now: Int { moments.count }

    func note(_ moment: Moment) { moments.append(moment) }

    func begin(
        _ disk: Int,
        _ kind: Kind,
        at offset: Int,
        length: Int,
        bytes: [UInt8],
        isDurable: Bool
    ) -> Int {
        writes.append(
            Write(
                disk: disk,
                kind: kind,
                offset: offset,
                length: length,
                bytes: bytes,
                isDurable: isDurable,
                begin: now
            )
        )
        note(.writeBegan(writes.count - 1))
        return writes.count - 1
    }

    func endWrite(_ index: Int) {
        writes[index].end = now
        note(.writeEnded(index))
    }

    func beginFlush(_ disk: Int) -> Int {
        flushes.append(Flush(disk: disk, begin: now))
        note(.flushBegan(flushes.count - 1))
        return flushes.count - 1
    }

    func endFlush(_ index: Int) {
        flushes[index].end = now
        note(.flushEnded(index))
    }
}
