internal import CLinux
internal import Glibc
internal import RingLoop

/// A file's bytes as memory that only the kernel looks at.
///
/// Taking a large mapping apart takes milliseconds: it has to be let go of last where nobody is
/// served, by the node and not by a view.
// Not checked, because it holds a pointer: nobody reads or writes what it points to.
final class FileMapping: @unchecked Sendable {
    /// Room for what a file grows by, in bytes.
    private static let growthBytes: UInt64 = 32 << 30
    /// Longest part of a file, and most of all files together: addresses are plenty, not endless.
    private static let lengthBytesMax: UInt64 = 8 << 40
    private static let totalBytesMax: UInt64 = 32 << 40
    private static let totalBytes = Locked<UInt64>(0)

    let start: UnsafeMutableRawPointer
    /// How far it reaches from the file's start: to its end, or behind it.
    let lengthBytes: UInt64

    /// Maps a file; nothing where it cannot be, or where the kernel does not tell which pages of
    /// it are in the page cache.
    init?(_ fd: Int32, sizeBytes: UInt64) {
        let length = min(sizeBytes, Self.lengthBytesMax) + Self.growthBytes
        var mapped: UnsafeMutableRawPointer?
        guard sysconf(Int32(_SC_PAGESIZE)) == 4096, clinux_tells_resident(fd) != 0,
            Self.take(length)
        else { return nil }
        guard clinux_map_file(fd, Int(length), &mapped) == 0, let mapped else {
            Self.totalBytes.withLock { $0 -= length }
            return nil
        }
        start = mapped
        lengthBytes = length
    }

    deinit {
        clinux_unmap(start, Int(lengthBytes))
        let length = lengthBytes
        Self.totalBytes.withLock { $0 -= length }
    }

    private static func take(_ length: UInt64) -> Bool {
        totalBytes.withLock { total in
            guard total + length <= totalBytesMax else { return false }
            total += length
            return true
        }
    }
}

/// How much of all files the process may show itself at once.
///
/// What is mapped belongs to the page cache; but it counts as the process's own where somebody
/// looks for what to end when memory is short, so that it has to be little beside all there is.
final class LoanBudget: Sendable {
    /// The one of the process: a sixteenth of the machine's memory.
    static let shared = LoanBudget(
        bytesMax: sysconf(Int32(_SC_PHYS_PAGES)) / 16 * sysconf(Int32(_SC_PAGESIZE))
    )

    private let regionsMax: Int
    private let regions = Locked(0)

    init(bytesMax: Int) { regionsMax = bytesMax / Int(LentPages.regionBytes) }

    /// Takes a region's worth.
    ///
    /// - Returns: Whether there was one left.
    func take() -> Bool {
        regions.withLock { count in
            guard count < regionsMax else { return false }
            count += 1
            return true
        }
    }

    /// Gives regions back.
    func giveBack(_ count: Int) { regions.withLock { $0 -= count } }
}
