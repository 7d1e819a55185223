import Simulation

/// What each sector of each disk may hold, from what was asked and answered.
struct BlockOracle {
    /// One write of one sector.
    private struct Entry {
        let value: UInt32
        let begin: Int
        var end: Int?
        var isCertain = false
    }

    /// Writes of a sector since the last one that is surely durable, oldest first.
    private var history: [[[Entry]]]
    private var time = 0
    /// Sectors with a read or write under way: nobody else reads or writes them meanwhile.
    private(set) var busy: Set<Sector> = []

    struct Sector: Hashable {
        let disk: Int
        let number: Int
    }

    init(diskCount: Int, sectorCount: Int) {
        let zero = Entry(value: 0, begin: 0, end: 0, isCertain: true)
        history = Array(
            repeating: Array(repeating: [zero], count: sectorCount),
            count: diskCount
        )
    }

    /// The time, which goes on with each event.
    private mutating func tick() -> Int {
        time += 1
        return time
    }

    mutating func readBegins(_ disk: Int, _ sectors: Range<Int>) {
        for number in sectors { busy.insert(Sector(disk: disk, number: number)) }
    }

    mutating func readEnds(_ disk: Int, _ sectors: Range<Int>) {
        for number in sectors { busy.remove(Sector(disk: disk, number: number)) }
    }

    mutating func writeBegins(_ disk: Int, _ sectors: Range<Int>, value: UInt32) {
        let now = tick()
        for number in sectors {
            busy.insert(Sector(disk: disk, number: number))
            history[disk][number].append(Entry(value: value, begin: now))
        }
    }

    mutating func writeEnds(_ disk: Int, _ sectors: Range<Int>, succeeded: Bool) {
        let now = tick()
        for number in sectors {
            busy.remove(Sector(disk: disk, number: number))
            let last = history[disk][number].count - 1
            history[disk][number][last].end = now
            history[disk][number][last].isCertain = succeeded
        }
    }

    /// What a read may see.
    func visible(_ disk: Int, _ number: Int) -> Set<UInt32> {
        let entries = history[disk][number]
        let certain = entries.lastIndex(where: \.isCertain) ?? 0
        return Set(entries[certain...].map(\.value))
    }

    /// A read has seen a value: it is what the sector holds now.
    mutating func saw(_ disk: Int, _ number: Int, _ value: UInt32) {
        let entries = history[disk][number]
        guard visible(disk, number).count > 1,
            let index = entries.lastIndex(where: { $0.value == value })
        else { return }
        // Later ones did not happen; the value itself is now as good as answered.
        history[disk][number].removeLast(entries.count - 1 - index)
        history[disk][number][index].isCertain = true
    }

    mutating func flushBegins() -> Int { tick() }

    /// A flush that began at a time was answered: what was answered before is durable.
    mutating func flushEnds(_ disk: Int, begin: Int) {
        for number in history[disk].indices {
            let entries = history[disk][number]
            guard
                let last = entries.lastIndex(where: { entry in
                    entry.isCertain && (entry.end ?? .max) <= begin
                })
            else { continue }
            history[disk][number].removeFirst(last)
        }
    }

    /// The power failed: each sector holds any value that is not surely overwritten on the medium.
    mutating func crashed() {
        busy = []
        for disk in history.indices {
            for number in history[disk].indices {
                for index in history[disk][number].indices {
                    history[disk][number][index].isCertain = index == 0
                    history[disk][number][index].end = time
                }
            }
        }
    }
}
