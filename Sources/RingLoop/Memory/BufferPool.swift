/// Page-aligned buffers for one loop: given back ones are kept and handed out again.
///
/// Sizes are rounded up to powers of two from 4 KiB to 1 MiB; larger ones, up to 32 MiB, are
/// allocated each time. Loop thread only. A buffer goes back to the pool that gave it, with the
/// length with which it was taken.
///
/// - Invariant: `cachedBytes` is at most the limit given to `init`.
package final class BufferPool {
    /// Longest buffer, in bytes: the longest payload of a request.
    package static let lengthBytesMax = 32 << 20
    /// Smallest and largest size that is kept, in bytes.
    private static let classBytesMin = 4096
    private static let classBytesMax = 1 << 20
    private static let classCount = 9

    /// A free buffer's first bytes point to the next free one, so keeping it costs nothing.
    private struct FreeBuffer {
        var next: UnsafeMutablePointer<FreeBuffer>?
    }

    private let heads: UnsafeMutablePointer<UnsafeMutablePointer<FreeBuffer>?>
    private let cachedBytesMax: Int
    /// Bytes of the free buffers that are kept.
    package private(set) var cachedBytes = 0
    /// Bytes of the buffers that are out.
    package private(set) var lentBytes = 0

    /// Makes an empty pool.
    package init(cachedBytesMax: Int = 64 << 20) {
        self.cachedBytesMax = cachedBytesMax
        heads = .allocate(capacity: Self.classCount)
        heads.initialize(repeating: nil, count: Self.classCount)
    }

    deinit {
        for index in 0..<Self.classCount {
            while let free = heads[index] {
                heads[index] = free.pointee.next
                UnsafeMutableRawPointer(free).deallocate()
            }
        }
        heads.deallocate()
    }

    /// Hands out a buffer of at least that length; its content is undefined.
    package func take(lengthBytes: Int) -> UnsafeMutableRawPointer {
        let index = Self.classIndex(lengthBytes)
        let bytes = Self.capacityBytes(lengthBytes)
        lentBytes += bytes
        guard index < Self.classCount, let free = heads[index] else {
            return .allocate(byteCount: bytes, alignment: AlignedMemory.alignmentBytes)
        }
        heads[index] = free.pointee.next
        cachedBytes -= bytes
        return UnsafeMutableRawPointer(free)
    }

    /// Takes a buffer back; `lengthBytes` is what it was taken with.
    package func giveBack(_ pointer: UnsafeMutableRawPointer, lengthBytes: Int) {
        let index = Self.classIndex(lengthBytes)
        let bytes = Self.capacityBytes(lengthBytes)
        lentBytes -= bytes
        precondition(lentBytes >= 0, "a buffer of \(lengthBytes) bytes came back twice")
        guard index < Self.classCount, cachedBytes + bytes <= cachedBytesMax else {
            pointer.deallocate()
            return
        }
        let free = pointer.bindMemory(to: FreeBuffer.self, capacity: 1)
        free.initialize(to: FreeBuffer(next: heads[index]))
        heads[index] = free
        cachedBytes += bytes
    }

    /// Bytes that a buffer of this length really has.
    package static func capacityBytes(_ lengthBytes: Int) -> Int {
        let index = classIndex(lengthBytes)
        guard index >= classCount else { return classBytesMin << index }
        return (lengthBytes + classBytesMin - 1) & ~(classBytesMin - 1)
    }

    /// Index of the size class, or `classCount` for what is never kept.
    private static func classIndex(_ lengthBytes: Int) -> Int {
        precondition(
            (1...lengthBytesMax).contains(lengthBytes),
            "a buffer has 1 to \(lengthBytesMax) bytes, not \(lengthBytes)"
        )
        guard lengthBytes > classBytesMin else { return 0 }
        guard lengthBytes <= classBytesMax else { return classCount }
        return Int.bitWidth - (lengthBytes - 1).leadingZeroBitCount - 12
    }
}
