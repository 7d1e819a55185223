import BlockGraph
import GraphModel
import Testing

@Suite("compress")
struct CompressTests {
    @Test("writes of whole clusters ask to be compressed, others do not")
    func marks() async throws {
        let disk = MemoryDisk(size: 20480, clusterBytes: 8192, compresses: true)
        let stack = try NodeStack(
            [node("memory", named: "disk"), node("compress", children: [("file", "disk")])],
            kinds: [MemoryKind(disks: ["disk": disk])]
        )
        #expect(stack.limits.preferredBytes == 8192)
        try await DriverBench.run(stack) { bench in
            for (offset, length) in [(0, 8192), (0, 4096), (4096, 8192), (16384, 4096)] {
                let bytes = [UInt8](repeating: 1, count: length)
                _ = await bench.ask(.write, UInt64(offset), bytes: bytes)
            }
            let marks = disk.visits.map { $0.flags & RequestFlags.compressed.rawValue != 0 }
            #expect(marks == [true, false, false, true])
        }
    }

    @Test("without a format that can compress it is refused")
    func refusal() {
        #expect(throws: GraphError.self) {
            try NodeStack([node("null-co"), node("compress", over: "file")])
        }
    }
}
