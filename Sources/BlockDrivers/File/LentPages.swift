internal import CLinux
internal import Glibc
internal import RingLoop

/// Which pages of a file can be sent from where they are, on one loop.
///
/// A reply that is sent out of the page cache costs one copy and no call, instead of two copies
/// and a call for each read. The kernel must not have to wait for a disk while it sends, so that
/// pages are lent only while they are known to be cached:
///
/// ```
/// file    |  region of 2 MiB  |  region  |  ...      shown in one of 512 places, or not at all
/// region  | chunk of 256 KiB | ... 8                 asked about twice in each 134 ms
/// chunk   | page | ... 64                            cached, or read in the ordinary way
/// ```
/// The first question in a moment is about what is read, the second one about the whole chunk: who
/// reads here and there pays for what he reads, who reads a lot pays next to nothing.
///
/// A page that was cached a moment ago and is needed now is as likely to have gone as the code of
/// this program, which nobody asks about. Regions for which nobody has asked for ten seconds are
/// taken out again, and there are never more than the budget of all files allows.
/// Confined to its loop's thread.
final class LentPages {
    /// Bytes that are shown, or taken out, at once.
    static let regionBytes: UInt64 = 1 << regionBits
    /// Most regions of a file.
    static let placeCount = 512

    private static let regionBits: UInt64 = 21
    private static let chunkBits: UInt64 = 18
    private static let pageBits: UInt64 = 12
    private static let pageMask: UInt64 = (1 << pageBits) - 1
    private static let chunksInRegion = 8
    private static let pagesInChunk = 64
    /// How long an answer counts, as a power of two of nanoseconds.
    private static let momentBits: UInt64 = 27
    /// Moments after which a region makes room for another one, and after which it goes anyway.
    private static let busyMoments: UInt32 = 8
    private static let idleMoments: UInt32 = 75
    /// How often idle regions are looked for, and how many go at once: a loop has others to serve.
    private static let sweepNanoseconds: UInt64 = 2_000_000_000
    private static let sweepCountMax = 16
    private static let sweepPauseNanoseconds: UInt64 = 20_000_000

    /// What a place shows.
    private struct Place {
        /// Number of the region, from 1; 0 for none.
        var region: UInt64 = 0
        /// When somebody asked for it last.
        var lastMoment: UInt32 = 0
    }

    /// What is known of a chunk.
    private struct Proof {
        /// When the kernel was asked.
        var moment: UInt32 = 0
        /// Whether all pages were asked about.
        var isWhole = false
        /// A bit for each page that was cached then.
        var pages: UInt64 = 0
    }

    /// Regions that are shown.
    private(set) var regionCount = 0

    private let mapping: FileMapping
    private let budget: LoanBudget
    private let loop: EventLoop
    private let places: UnsafeMutablePointer<Place>
    private let proofs: UnsafeMutablePointer<Proof>
    private let answer: UnsafeMutablePointer<UInt8>
    private var timer: LoopTimer?

    init(_ mapping: FileMapping, loop: EventLoop, budget: LoanBudget = .shared) {
        self.mapping = mapping
        self.budget = budget
        self.loop = loop
        places = .allocate(capacity: Self.placeCount)
        places.initialize(repeating: Place(), count: Self.placeCount)
        proofs = .allocate(capacity: Self.placeCount * Self.chunksInRegion)
        proofs.initialize(repeating: Proof(), count: Self.placeCount * Self.chunksInRegion)
        answer = .allocate(capacity: Self.pagesInChunk)
        timer = LoopTimer(context: Unmanaged.passUnretained(self).toOpaque()) { context in
            guard let context else { return }
            Unmanaged<LentPages>.fromOpaque(context).takeUnretainedValue().sweep()
        }
    }

    deinit {
        if let timer, timer.isArmed { loop.cancelTimer(timer) }
        budget.giveBack(regionCount)
        places.deallocate()
        proofs.deallocate()
        answer.deallocate()
    }

    /// Where a range of the file stands in memory.
    ///
    /// - Returns: Nothing when it is not all cached, or not shown.
    @inline(__always)
    func pages(offsetBytes: UInt64, lengthBytes: UInt64) -> UnsafeMutableRawPointer? {
        let (end, isBeyond) = offsetBytes.addingReportingOverflow(lengthBytes)
        guard !isBeyond, end <= mapping.lengthBytes, lengthBytes > 0 else { return nil }
        let moment = Self.moment(loop.nowNanoseconds)
        var position = offsetBytes
        while position < end {
            let chunkEnd = min(end, (position >> Self.chunkBits &+ 1) << Self.chunkBits)
            guard isCached(position, chunkEnd &- 1, moment) else { return nil }
            position = chunkEnd
        }
        return mapping.start + Int(offsetBytes)
    }

    @inline(__always)
    private static func moment(_ nanoseconds: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: nanoseconds >> momentBits) &+ 1
    }

    /// Whether the pages from one byte to another of the same chunk are cached.
    @inline(__always)
    private func isCached(_ first: UInt64, _ last: UInt64, _ moment: UInt32) -> Bool {
        let region = first >> Self.regionBits &+ 1
        let place = Int(truncatingIfNeeded: region) & (Self.placeCount &- 1)
        if places[place].region != region, !show(region, in: place, moment) { return false }
        places[place].lastMoment = moment
        let chunk = first >> Self.chunkBits
        let proof =
            proofs + place &* Self.chunksInRegion
            + Int(truncatingIfNeeded: chunk) & (Self.chunksInRegion &- 1)
        let pageMask = UInt64(Self.pagesInChunk &- 1)
        let lowest = first >> Self.pageBits & pageMask
        let highest = last >> Self.pageBits & pageMask
        let wanted = (UInt64.max &>> (pageMask &- (highest &- lowest))) &<< lowest
        if proof.pointee.moment == moment {
            if proof.pointee.pages & wanted == wanted { return true }
            if proof.pointee.isWhole { return false }
            let end = min(mapping.lengthBytes, (chunk &+ 1) << Self.chunkBits)
            proof.pointee.pages = cachedPages(chunk << Self.chunkBits, end)
            proof.pointee.isWhole = true
        } else {
            let pages = cachedPages(first & ~Self.pageMask, last &+ 1)
            proof.pointee = Proof(moment: moment, pages: pages &<< lowest)
        }
        return proof.pointee.pages & wanted == wanted
    }

    /// Asks the kernel which pages of a range are cached, the first one of which is the lowest bit.
    private func cachedPages(_ begin: UInt64, _ end: UInt64) -> UInt64 {
        let length = Int(end - begin)
        guard clinux_resident(mapping.start + Int(begin), length, answer) == 0 else { return 0 }
        var pages: UInt64 = 0
        let count = (length + Int(Self.pageMask)) >> Int(Self.pageBits)
        for page in 0..<count { pages |= UInt64(answer[page] & 1) &<< UInt64(page) }
        return pages
    }

    /// Makes a place show a region, unless another one is needed there or there are enough.
    private func show(_ region: UInt64, in place: Int, _ moment: UInt32) -> Bool {
        if places[place].region == 0 {
            guard budget.take() else { return false }
            regionCount += 1
        } else {
            guard moment &- places[place].lastMoment > Self.busyMoments else { return false }
            forget(places[place].region)
        }
        places[place].region = region
        let first = place * Self.chunksInRegion
        for chunk in first..<(first + Self.chunksInRegion) { proofs[chunk] = Proof() }
        if let timer, !timer.isArmed { arm(timer, after: Self.sweepNanoseconds) }
        return true
    }

    private func forget(_ region: UInt64) {
        let begin = (region - 1) << Self.regionBits
        let length = min(mapping.lengthBytes - begin, Self.regionBytes)
        clinux_forget(mapping.start + Int(begin), Int(length))
    }

    private func arm(_ timer: LoopTimer, after nanoseconds: UInt64) {
        loop.addTimer(timer, atNanoseconds: loop.nowNanoseconds + nanoseconds)
    }

    private func sweep() {
        let count = forgetIdle(Self.moment(loop.nowNanoseconds))
        guard let timer, regionCount > 0 else { return }
        arm(
            timer,
            after: count == Self.sweepCountMax ? Self.sweepPauseNanoseconds : Self.sweepNanoseconds
        )
    }

    /// Takes out some of the regions for which nobody asks any more.
    ///
    /// - Returns: How many.
    private func forgetIdle(_ moment: UInt32) -> Int {
        var count = 0
        for place in 0..<Self.placeCount where places[place].region != 0 {
            guard moment &- places[place].lastMoment > Self.idleMoments else { continue }
            forget(places[place].region)
            places[place] = Place()
            count += 1
            if count == Self.sweepCountMax { break }
        }
        regionCount -= count
        budget.giveBack(count)
        return count
    }
}
