import BlockGraph
import Glibc
import GraphModel
import Testing

@Suite("copy-on-read")
struct CopyOnReadTests {
    private let base = (0..<(256 << 10)).map { UInt8(truncatingIfNeeded: $0 / 97 &+ 1) }

    private func stack(
        _ disk: MemoryDisk,
        _ options: [(String, OptionValue)] = []
    ) throws -> NodeStack {
        try NodeStack(
            [
                node("memory", named: "overlay"),
                node("copy-on-read", options, children: [("file", "overlay")]),
            ],
            kinds: [MemoryKind(disks: ["overlay": disk])]
        )
    }

    @Test("a read copies the clusters that it meets, once, and says that nothing changes")
    func copies() async throws {
        let disk = MemoryDisk(size: base.count, base: base)
        try await DriverBench.run(stack(disk)) { bench in
            let first = await bench.ask(.read, 5000, 6000)
            #expect(first.bytes == Array(base[5000..<11000]))
            #expect(disk.allocatedCount == 2)
            let writes = disk.visits.filter { $0.operation == .write }
            #expect(writes.allSatisfy { $0.flags & RequestFlags.unchanged.rawValue != 0 })
            #expect(writes.map(\.offset) == [4096])
            #expect(writes.map(\.length) == [8192])
            disk.forgetVisits()
            #expect(await bench.ask(.read, 5000, 6000).bytes == Array(base[5000..<11000]))
            #expect(!disk.visits.contains { $0.operation == .write })
        }
    }

    @Test("a copy of old bytes never lands on new ones, whatever waits where")
    func races() async throws {
        var random = SeededGenerator(seed: 20_261_122)
        for round in 0..<20 {
            let disk = MemoryDisk(size: base.count, base: base)
            let order = (0..<64).shuffled(using: &random)
            try await DriverBench.run(stack(disk)) { bench in
                await withTaskGroup(of: Void.self) { group in
                    for index in order {
                        let offset = UInt64(index) * 4096 + 1024
                        let length = min(16384, UInt64(base.count) - offset)
                        group.addTask { _ = await bench.ask(.read, offset, length) }
                        group.addTask {
                            let bytes = [UInt8](repeating: UInt8(index), count: 512)
                            _ = await bench.ask(.write, offset, bytes: bytes)
                        }
                    }
                }
            }
            var wanted = base
            for index in 0..<64 {
                let begin = index * 4096 + 1024
                wanted.replaceSubrange(
                    begin..<(begin + 512),
                    with: repeatElement(UInt8(index), count: 512)
                )
            }
            #expect(disk.content == wanted, "round \(round)")
        }
    }

    @Test("a copy that cannot be stored harms no read")
    func storeFails() async throws {
        let disk = MemoryDisk(size: base.count, base: base)
        disk.fail(.write, ENOSPC)
        try await DriverBench.run(stack(disk)) { bench in
            let answer = await bench.ask(.read, 0, 8192)
            #expect(answer.errorNumber == 0)
            #expect(answer.bytes == Array(base[0..<8192]))
            disk.fail(.read, EIO)
            #expect(await bench.ask(.read, 0, 8192).errorNumber == EIO)
            disk.fail(.read, nil)
            disk.fail(.extents, EIO)
            #expect(await bench.ask(.read, 0, 8192).errorNumber == 0)
        }
    }

    @Test("bottom bounds what is copied, and has to be in the chain")
    func bottom() async throws {
        let disk = MemoryDisk(size: base.count, base: base)
        let bounded = try stack(disk, [("bottom", .text("overlay"))])
        try await DriverBench.run(bounded) { bench in
            #expect(await bench.ask(.read, 0, 8192).bytes == Array(base[0..<8192]))
            #expect(disk.allocatedCount == 0)
        }
        #expect(throws: GraphError.self) { try stack(disk, [("bottom", .text("elsewhere"))]) }
    }

    @Test("zeroes are copied as zeroes")
    func zeroes() async throws {
        let disk = MemoryDisk(size: 65536, base: [UInt8](repeating: 0, count: 65536))
        try await DriverBench.run(stack(disk)) { bench in
            _ = await bench.ask(.read, 0, 4096)
            #expect(disk.visits.contains { $0.operation == .writeZeroes })
            #expect(disk.allocatedCount == 1)
        }
    }

    @Test("an overlay that can only be read is left as it is")
    func readOnly() async throws {
        let disk = MemoryDisk(size: base.count, base: base)
        try await DriverBench.run(stack(disk, [("read-only", .flag(true))])) { bench in
            #expect(await bench.ask(.read, 0, 8192).bytes == Array(base[0..<8192]))
            #expect(disk.allocatedCount == 0)
        }
    }
}
