import BlockGraph
import Glibc
import GraphModel
import Testing

@Suite("quorum")
struct QuorumTests {
    private static let size = 512 << 10

    private struct Setup {
        let disks: [MemoryDisk]
        let stack: NodeStack
    }

    private func setup(
        _ count: Int = 3,
        threshold: Int64 = 2,
        _ options: [(String, OptionValue)] = [],
        sizes: [Int] = []
    ) throws -> Setup {
        let disks = (0..<count).map { index in
            MemoryDisk(size: index < sizes.count ? sizes[index] : Self.size)
        }
        let names = (0..<count).map { "leg\($0)" }
        let stack = try NodeStack(
            names.map { node("memory", named: $0) } + [
                node(
                    "quorum",
                    [("vote-threshold", .integer(threshold))] + options,
                    children: names.enumerated().map { ("children.\($0.offset)", $0.element) }
                )
            ],
            kinds: [MemoryKind(disks: Dictionary(uniqueKeysWithValues: zip(names, disks)))]
        )
        return Setup(disks: disks, stack: stack)
    }

    @Test("P8: everything goes to all copies, and most of them are believed")
    func vote() async throws {
        let setup = try setup()
        try await DriverBench.run(setup.stack, closesStack: false) { bench in
            let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 11) }
            #expect(await bench.ask(.write, 1000, bytes: bytes).errorNumber == 0)
            #expect(setup.disks.allSatisfy { $0.content == setup.disks[0].content })
            setup.disks[1].corrupt(2000, [0xAA, 0xBB])
            #expect(await bench.ask(.read, 1000, 300_000).bytes == bytes)
            // Nobody was asked to mend it.
            #expect(setup.disks[1].content != setup.disks[0].content)
            setup.disks[2].corrupt(2000, [0xCC, 0xDD])
            #expect(await bench.ask(.read, 1000, 300_000).errorNumber == EIO)
            #expect(await bench.ask(.flush).errorNumber == 0)
            #expect(setup.disks.allSatisfy { $0.visits.contains { $0.operation == .flush } })
        }
        let words = try #require(setup.stack.entries.last?.node.close())
        #expect(words.contains("children.1"))
    }

    @Test("rewrite-corrupted mends the copies that were outvoted")
    func mending() async throws {
        let setup = try setup(3, threshold: 2, [("rewrite-corrupted", .flag(true))])
        try await DriverBench.run(setup.stack) { bench in
            setup.disks[0].corrupt(4096, [1, 2, 3])
            #expect(await bench.ask(.read, 4096, 512).bytes == [UInt8](repeating: 0, count: 512))
            #expect(setup.disks[0].content == setup.disks[1].content)
        }
    }

    @Test("fifo believes the first copy that can be read")
    func fifo() async throws {
        let setup = try setup(3, threshold: 1, [("read-pattern", .text("fifo"))])
        try await DriverBench.run(setup.stack) { bench in
            setup.disks[1].corrupt(0, [7])
            #expect(await bench.ask(.read, 0, 1).bytes == [0])
            #expect(setup.disks[1].visits.isEmpty)
            setup.disks[0].fail(.read, EIO)
            #expect(await bench.ask(.read, 0, 1).bytes == [7])
            for disk in setup.disks { disk.fail(.read, ENODEV) }
            #expect(await bench.ask(.read, 0, 1).errorNumber == ENODEV)
        }
    }

    @Test(
        "as many copies as the threshold says have to do it",
        arguments: [BlockOperation.write, .writeZeroes, .flush, .read]
    )
    func threshold(operation: BlockOperation) async throws {
        let setup = try setup()
        try await DriverBench.run(setup.stack) { bench in
            setup.disks[0].fail(operation, ENOSPC)
            #expect(await bench.ask(operation, 0, 512, bytes: [1]).errorNumber == 0)
            setup.disks[1].fail(operation, ENOSPC)
            #expect(await bench.ask(operation, 0, 512, bytes: [1]).errorNumber == ENOSPC)
        }
    }

    @Test("overlapping writes come to all copies in one order, and no read sees them apart")
    func races() async throws {
        let setup = try setup(3, threshold: 3)
        try await DriverBench.run(setup.stack) { bench in
            let errors = await withTaskGroup(of: Int32.self) { group in
                for index in 0..<60 {
                    let offset = UInt64(index % 7) * 3000
                    group.addTask {
                        let bytes = [UInt8](repeating: UInt8(index), count: 9000)
                        return await bench.ask(.write, offset, bytes: bytes).errorNumber
                    }
                    group.addTask { await bench.ask(.read, offset, 20_000).errorNumber }
                }
                return await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(errors == [0])
        }
        #expect(setup.disks.allSatisfy { $0.content == setup.disks[0].content })
    }

    @Test("a discard leaves the copies equal, and extents are what enough of them say")
    func discards() async throws {
        let setup = try setup()
        try await DriverBench.run(setup.stack) { bench in
            #expect(await bench.ask(.discard, 0, 65536).errorNumber == 0)
            #expect(setup.disks.allSatisfy { $0.visits.isEmpty })
            let extents = await bench.ask(.extents, 100, 300_000).extents
            #expect(extents.reduce(0) { $0 + $1.lengthBytes } == 300_000)
        }
    }

    @Test("copies of different sizes, and fewer than the threshold, are refused")
    func refusals() {
        #expect(throws: GraphError.self) { try setup(2, sizes: [4096, 8192]) }
        #expect(throws: GraphError.self) { try setup(2, threshold: 3) }
        #expect(throws: GraphError.self) { try setup(40) }
    }
}
