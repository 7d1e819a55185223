import BlockGraph
import Glibc
import GraphModel
import Testing

@Suite("preallocate")
struct PreallocateTests {
    @Test("a file that grows takes its space in large steps, and is as long as what was written")
    func steps() async throws {
        let directory = try TemporaryDirectory(under: "/var/tmp")
        let path = directory.file("disk", sizeBytes: 0)
        let stack = try NodeStack([
            fileNode(path),
            node(
                "preallocate",
                [("prealloc-size", .integer(4 << 20)), ("prealloc-align", .integer(1 << 20))],
                over: "file"
            ),
        ])
        try await DriverBench.run(stack) { bench in
            let errors = await withTaskGroup(of: Int32.self) { group in
                for index in 0..<120 {
                    group.addTask {
                        let bytes = [UInt8](
                            repeating: UInt8(truncatingIfNeeded: index),
                            count: 4096
                        )
                        return await bench.ask(.write, UInt64(index) * 4096, bytes: bytes)
                            .errorNumber
                    }
                }
                return await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(errors == [0])
            for index in 0..<120 {
                let answer = await bench.ask(.read, UInt64(index) * 4096, 4096)
                #expect(answer.bytes.allSatisfy { $0 == UInt8(truncatingIfNeeded: index) })
            }
            _ = await bench.ask(.flush)
        }
        var facts = Glibc.stat()
        stat(path, &facts)
        #expect(facts.st_size == 120 * 4096)
        #expect(facts.st_blocks * 512 >= 4 << 20)
    }

    @Test("a disk of a fixed size is left alone")
    func fixed() async throws {
        let disk = MemoryDisk(size: 65536)
        let stack = try NodeStack(
            [node("memory", named: "disk"), node("preallocate", children: [("file", "disk")])],
            kinds: [MemoryKind(disks: ["disk": disk])]
        )
        try await DriverBench.run(stack) { bench in
            #expect(await bench.ask(.write, 65535, bytes: [1]).errorNumber == 0)
            #expect(disk.visits.map(\.operation) == [.write])
        }
    }
}
