import BlockGraph
import Testing

/// What a disk must hold after some requests, and random requests to compare it with.
struct DiskModel {
    private(set) var content: [UInt8]
    private let alignment: Int
    private let transferMax: Int
    private var random: SeededGenerator

    init(limits: BlockLimits, seed: UInt64) {
        content = [UInt8](repeating: 0, count: Int(limits.sizeBytes))
        alignment = Int(limits.alignmentBytes)
        transferMax = min(Int(limits.transferBytesMax), 40 << 10)
        random = SeededGenerator(seed: seed)
    }

    /// Makes one random request and looks whether the answer is right.
    mutating func step(_ step: Int, on bench: DriverBench) async {
        let range = randomRange()
        let offset = UInt64(range.lowerBound)
        let length = UInt64(range.count)
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4: await write(range, step, bench)
        case 4:
            let flags: RequestFlags = [[], .mayUnmap, .forceUnitAccess][step % 3]
            let answer = await bench.ask(.writeZeroes, offset, length, flags: flags)
            #expect(answer.errorNumber == 0, "step \(step)")
            content.replaceSubrange(range, with: repeatElement(0, count: range.count))
        case 5: await discard(range, step, bench)
        case 6: await extents(range, step, bench)
        case 7:
            #expect(await bench.ask(.flush).errorNumber == 0, "step \(step)")
        default:
            let answer = await bench.ask(.read, offset, length, misalignedBy: step % 2)
            #expect(answer.errorNumber == 0, "step \(step)")
            #expect(answer.bytes.elementsEqual(content[range]), "step \(step) read \(range)")
        }
    }

    private mutating func write(_ range: Range<Int>, _ step: Int, _ bench: DriverBench) async {
        let isZero = step % 5 == 0
        let bytes = range.map { isZero ? 0 : UInt8(truncatingIfNeeded: $0 &* 31 &+ step) | 1 }
        let answer = await bench.ask(
            .write,
            UInt64(range.lowerBound),
            bytes: bytes,
            flags: step % 7 == 0 ? .forceUnitAccess : [],
            misalignedBy: step % 3
        )
        #expect(answer.errorNumber == 0, "step \(step)")
        content.replaceSubrange(range, with: bytes)
    }

    /// After a discard each byte is what it was, or zero.
    private mutating func discard(_ range: Range<Int>, _ step: Int, _ bench: DriverBench) async {
        let offset = UInt64(range.lowerBound)
        let answer = await bench.ask(.discard, offset, UInt64(range.count))
        #expect(answer.errorNumber == 0, "step \(step)")
        let found = await bench.ask(.read, offset, UInt64(range.count)).bytes
        let isLegal = zip(found, content[range]).allSatisfy { $0 == 0 || $0 == $1 }
        #expect(isLegal && found.count == range.count, "step \(step) discarded \(range)")
        content.replaceSubrange(range, with: found)
    }

    /// Extents begin at the offset, have no gaps, and what reads as zero is zero.
    private func extents(_ range: Range<Int>, _ step: Int, _ bench: DriverBench) async {
        let answer = await bench.ask(.extents, UInt64(range.lowerBound), UInt64(range.count))
        #expect(answer.errorNumber == 0, "step \(step)")
        let covered = answer.extents.reduce(0) { $0 + Int($1.lengthBytes) }
        #expect(covered == range.count, "step \(step) extents of \(range)")
        var begin = range.lowerBound
        for extent in answer.extents {
            let end = begin + Int(extent.lengthBytes)
            if extent.readsZero {
                #expect(content[begin..<end].allSatisfy { $0 == 0 }, "step \(step)")
            }
            begin = end
        }
    }

    private mutating func randomRange() -> Range<Int> {
        let length =
            max(Int.random(in: 1...transferMax, using: &random) / alignment, 1) * alignment
        let last = (content.count - length) / alignment
        let begin = Int.random(in: 0...last, using: &random) * alignment
        return begin..<(begin + length)
    }
}
