internal import RingLoop
internal import Testing

@Suite("Memory of a loop")
struct MemoryTests {
    @Test(
        "a buffer's capacity is the next size class, or whole pages above the largest",
        arguments: [
            (1, 4096), (4096, 4096), (4097, 8192), (65_536, 65_536), (65_537, 131_072),
            (1 << 20, 1 << 20), ((1 << 20) + 1, (1 << 20) + 4096), (32 << 20, 32 << 20),
        ]
    )
    func capacity(length: Int, capacity: Int) {
        #expect(BufferPool.capacityBytes(length) == capacity)
    }

    @Test("buffers are page-aligned and writable to their end")
    func alignment() {
        let pool = BufferPool()
        for length in [1, 4096, 5000, 1 << 20, 3 << 20] {
            let buffer = pool.take(lengthBytes: length)
            #expect(Int(bitPattern: buffer) % 4096 == 0)
            buffer.initializeMemory(as: UInt8.self, repeating: 1, count: length)
            pool.giveBack(buffer, lengthBytes: length)
        }
    }

    @Test("a buffer that came back is handed out again to its class only")
    func reuse() {
        let pool = BufferPool()
        let first = pool.take(lengthBytes: 5000)
        pool.giveBack(first, lengthBytes: 5000)
        #expect(pool.cachedBytes == 8192)
        let other = pool.take(lengthBytes: 4096)
        #expect(other != first)
        #expect(pool.take(lengthBytes: 8192) == first)
        #expect(pool.cachedBytes == 0)
        #expect(pool.lentBytes == 12_288)
        pool.giveBack(other, lengthBytes: 4096)
        pool.giveBack(first, lengthBytes: 8192)
        #expect(pool.lentBytes == 0)
    }

    @Test("no more is kept than the limit, and large buffers never are")
    func limits() {
        let pool = BufferPool(cachedBytesMax: 10_000)
        let buffers = (0..<4).map { _ in pool.take(lengthBytes: 4096) }
        for buffer in buffers { pool.giveBack(buffer, lengthBytes: 4096) }
        #expect(pool.cachedBytes == 8192)
        let large = pool.take(lengthBytes: 2 << 20)
        pool.giveBack(large, lengthBytes: 2 << 20)
        #expect(pool.cachedBytes == 8192)
        #expect(pool.lentBytes == 0)
    }

    @Test("aligned memory starts on a page")
    func alignedMemory() {
        let memory = AlignedMemory(lengthBytes: 10_000)
        #expect(Int(bitPattern: memory.pointer) % AlignedMemory.alignmentBytes == 0)
        #expect(memory.bytes.count == 10_000)
    }

    @Test("an error has the call and the kernel's words")
    func systemError() {
        let error = SystemError(number: -2, call: "open")
        #expect(error.number == 2)
        #expect(error.description == "open failed: No such file or directory")
        #expect(throws: SystemError.self) { try SystemError.check(-9, "close") }
    }
}
