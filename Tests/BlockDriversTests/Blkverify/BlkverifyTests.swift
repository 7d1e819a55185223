import BlockGraph
import Glibc
import GraphModel
import Testing

@Suite("blkverify")
struct BlkverifyTests {
    private struct Setup {
        let raw: MemoryDisk
        let test: MemoryDisk
        let stack: NodeStack
    }

    private func setup(testSize: Int = 256 << 10) throws -> Setup {
        let raw = MemoryDisk(size: 256 << 10)
        let test = MemoryDisk(size: testSize)
        let stack = try NodeStack(
            [
                node("memory", named: "r"), node("memory", named: "t"),
                node("blkverify", children: [("raw", "r"), ("test", "t")]),
            ],
            kinds: [MemoryKind(disks: ["r": raw, "t": test])]
        )
        return Setup(raw: raw, test: test, stack: stack)
    }

    @Test("P9: a difference is an error where it is, and is told at once and at the end")
    func difference() async throws {
        let setup = try setup()
        try await DriverBench.run(setup.stack, closesStack: false) { bench in
            let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
            #expect(await bench.ask(.write, 100, bytes: bytes).errorNumber == 0)
            #expect(setup.stack.entries.last?.node.finding == nil)
            #expect(await bench.ask(.read, 100, 200_000).bytes == bytes)
            setup.test.corrupt(5000, [bytes[4900] ^ 1])
            #expect(await bench.ask(.read, 100, 200_000).errorNumber == EIO)
            #expect(await bench.ask(.read, 5001, 1000).errorNumber == 0)
            let words = try #require(setup.stack.entries.last?.node.finding)
            #expect(words.contains("differed once; first their bytes at offset 5000"))
        }
        let words = try #require(setup.stack.entries.last?.node.close())
        #expect(words.contains("offset 5000"))
    }

    @Test("an outcome of one alone is a difference, and the same error of both is the answer")
    func outcomes() async throws {
        let setup = try setup()
        try await DriverBench.run(setup.stack) { bench in
            setup.test.fail(.write, ENOSPC)
            #expect(await bench.ask(.write, 0, bytes: [1]).errorNumber == EIO)
            setup.raw.fail(.write, ENOSPC)
            #expect(await bench.ask(.write, 0, bytes: [1]).errorNumber == ENOSPC)
        }
    }

    @Test("overlapping requests are no difference")
    func races() async throws {
        let setup = try setup()
        try await DriverBench.run(setup.stack, closesStack: false) { bench in
            await withTaskGroup(of: Void.self) { group in
                for index in 0..<60 {
                    let offset = UInt64(index % 5) * 1000
                    group.addTask {
                        let bytes = [UInt8](repeating: UInt8(index), count: 5000)
                        _ = await bench.ask(.write, offset, bytes: bytes)
                    }
                    group.addTask { _ = await bench.ask(.read, offset, 9000) }
                }
            }
        }
        #expect(setup.stack.entries.compactMap { $0.node.close() } == [])
        #expect(setup.raw.content == setup.test.content)
    }

    @Test("disks of different sizes are refused")
    func sizes() { #expect(throws: GraphError.self) { try setup(testSize: 4096) } }
}
