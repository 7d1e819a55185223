import Testing

@testable import BlockExports

@Suite("NBD input")
struct NBDInputTests {
    /// Receives bytes as a socket would.
    private func feed(_ input: inout NBDInput, _ bytes: [UInt8]) {
        let room = input.lendRoom()
        #expect(bytes.count <= room.count)
        room.copyBytes(from: bytes.prefix(room.count))
        input.received(min(bytes.count, room.count))
    }

    private func bytes(_ input: NBDInput) -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: input.bytes, count: input.availableBytes))
    }

    @Test("an empty chunk starts anew, so that it is never left")
    func startsAnew() {
        var input = NBDInput()
        defer { input.deallocate() }
        let start = input.bytes
        for _ in 0..<100 {
            #expect(input.makeRoom(for: 28) == true)
            feed(&input, [UInt8](repeating: 7, count: 10_000))
            input.take(10_000)
        }
        #expect(input.bytes == start)
    }

    @Test("a rest at the end of a chunk moves to where a whole command fits")
    func restMoves() {
        var input = NBDInput()
        defer { input.deallocate() }
        feed(&input, [UInt8](repeating: 1, count: NBDInput.chunkBytes - 3) + [4, 5, 6])
        input.take(NBDInput.chunkBytes - 3)
        #expect(input.makeRoom(for: 64 << 10) == true)
        feed(&input, [8])
        #expect(bytes(input) == [4, 5, 6, 8])
    }

    @Test("pinned bytes stay while others arrive elsewhere")
    func pinned() {
        var input = NBDInput()
        defer { input.deallocate() }
        feed(&input, [UInt8](repeating: 9, count: NBDInput.chunkBytes))
        let held = input.bytes
        let pin = input.pin()
        input.take(NBDInput.chunkBytes - 2)
        #expect(input.makeRoom(for: 28) == true)
        feed(&input, [1, 2, 3])
        #expect(bytes(input) == [9, 9, 1, 2, 3])
        #expect(input.bytes != held)
        #expect(held.load(as: UInt8.self) == 9)
        input.unpin(pin)
    }

    @Test("with every chunk pinned there is no room until one is free")
    func allPinned() {
        var input = NBDInput()
        defer { input.deallocate() }
        var pins: [Int32] = []
        for _ in 0..<NBDInput.chunkCountMax {
            #expect(input.makeRoom(for: 28) == true)
            feed(&input, [UInt8](repeating: 0, count: NBDInput.chunkBytes))
            pins.append(input.pin())
            input.take(NBDInput.chunkBytes)
        }
        #expect(input.makeRoom(for: 28) == false)
        input.unpin(pins[2])
        #expect(input.makeRoom(for: 28) == true)
        for pin in pins where pin != pins[2] { input.unpin(pin) }
    }

    @Test("an unpin during a receive does not move the place that is being filled")
    func unpinDuringReceive() {
        var input = NBDInput()
        defer { input.deallocate() }
        feed(&input, [1, 2, 3])
        let pin = input.pin()
        input.take(3)
        let room = input.lendRoom()
        input.unpin(pin)
        room.copyBytes(from: [4, 5])
        input.received(2)
        #expect(bytes(input) == [4, 5])
    }
}
