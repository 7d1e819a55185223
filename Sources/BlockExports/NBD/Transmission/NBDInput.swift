/// What a client has sent and nobody has taken yet: a few chunks of memory, one of them current.
///
/// A payload that is still in use keeps its chunk pinned; bytes then arrive in another one. Confined
/// to its connection.
struct NBDInput {
    /// Bytes of a chunk.
    static let chunkBytes = 256 << 10
    /// Most chunks of a connection.
    static let chunkCountMax = 8
    /// A current chunk with less room than that at its end is left as soon as it is pinned.
    private static let roomBytesMin = 32 << 10

    private struct Chunk {
        let bytes: UnsafeMutableRawPointer
        var pinCount = 0
    }

    private let chunks: UnsafeMutablePointer<Chunk>
    private var chunkCount = 1
    private var current = 0
    private var start = 0
    private var end = 0
    private var isRoomLent = false

    /// Makes the first chunk; ends with ``deallocate()``.
    init() {
        chunks = .allocate(capacity: Self.chunkCountMax)
        chunks.initialize(to: Self.makeChunk())
    }

    /// Gives the memory back.
    func deallocate() {
        for index in 0..<chunkCount { chunks[index].bytes.deallocate() }
        chunks.deallocate()
    }

    /// Bytes that can be taken.
    @inline(__always)
    var availableBytes: Int { end - start }

    /// The bytes that can be taken.
    @inline(__always)
    var bytes: UnsafeMutableRawPointer { chunks[current].bytes + start }

    /// Takes bytes off the front.
    @inline(__always)
    mutating func take(_ count: Int) {
        start += count
        startAnewWhenEmpty()
    }

    /// Keeps the current chunk's bytes in place until it is unpinned.
    ///
    /// - Returns: Number of the chunk.
    @inline(__always)
    mutating func pin() -> Int32 {
        chunks[current].pinCount += 1
        return Int32(current)
    }

    /// Ends a pin.
    @inline(__always)
    mutating func unpin(_ chunk: Int32) {
        let index = Int(chunk)
        chunks[index].pinCount -= 1
        if index == current { startAnewWhenEmpty() }
    }

    /// Makes room, so that `wantedBytes` from the first available one on lie in one chunk.
    ///
    /// - Returns: `false` when every chunk is pinned; one of them must be unpinned first.
    mutating func makeRoom(for wantedBytes: Int) -> Bool {
        precondition(wantedBytes <= Self.chunkBytes, "\(wantedBytes) bytes fit in no chunk")
        let available = availableBytes
        if chunks[current].pinCount == 0 {
            if start > 0, Self.chunkBytes - start < max(wantedBytes, Self.roomBytesMin) {
                chunks[current].bytes.copyMemory(from: bytes, byteCount: available)
                start = 0
                end = available
            }
            return true
        }
        let room = Self.chunkBytes - start
        if room >= wantedBytes, room - available >= Self.roomBytesMin { return true }
        guard let next = freeChunk() else { return room >= wantedBytes && room > available }
        chunks[next].bytes.copyMemory(from: bytes, byteCount: available)
        current = next
        start = 0
        end = available
        return true
    }

    /// Lends the memory behind the available bytes, until ``received(_:)``.
    mutating func lendRoom() -> UnsafeMutableRawBufferPointer {
        isRoomLent = true
        return UnsafeMutableRawBufferPointer(
            start: chunks[current].bytes + end,
            count: Self.chunkBytes - end
        )
    }

    /// Ends the loan and takes note of bytes that were received.
    mutating func received(_ count: Int) {
        precondition(count <= Self.chunkBytes - end, "\(count) bytes do not fit in the chunk")
        isRoomLent = false
        end += count
        startAnewWhenEmpty()
    }

    @inline(__always)
    private mutating func startAnewWhenEmpty() {
        guard start == end, !isRoomLent, chunks[current].pinCount == 0 else { return }
        start = 0
        end = 0
    }

    private mutating func freeChunk() -> Int? {
        for index in 0..<chunkCount where index != current && chunks[index].pinCount == 0 {
            return index
        }
        guard chunkCount < Self.chunkCountMax else { return nil }
        (chunks + chunkCount).initialize(to: Self.makeChunk())
        chunkCount += 1
        return chunkCount - 1
    }

    private static func makeChunk() -> Chunk {
        Chunk(bytes: .allocate(byteCount: chunkBytes, alignment: 4096))
    }
}
