import BlockDrivers
import BlockGraph
import Glibc
import GraphModel
import Testing

@Suite("Files")
struct FileDriverTests {
    private func open(_ node: NodeDescription, in base: String = "/") throws -> NodeOpening {
        try FileDriverKind().open(
            DriverOpening(
                node: node,
                children: [:],
                masks: NodeStack.writer,
                baseDirectory: base
            )
        )
    }

    @Test("a file that is made is removed by an abort, and only that one")
    func creation() throws {
        let directory = try TemporaryDirectory()
        let size = OptionValue.mapping(
            Options([("size", .integer(1 << 20)), ("preallocation", .text("falloc"))])
        )
        let description = fileNode("new.img", [("create", size)])
        let made = try open(description, in: directory.path)
        #expect(try made.node.limits(over: [:]).sizeBytes == 1 << 20)
        let creation = try #require(made.creation)
        creation.abort()
        #expect(access(directory.path + "/new.img", F_OK) != 0)
        _ = made.node.close()
        let present = directory.file("new.img", sizeBytes: 777)
        let opened = try open(description, in: directory.path)
        #expect(opened.creation == nil)
        #expect(try opened.node.limits(over: [:]).sizeBytes == 777)
        creation.abort()
        #expect(access(present, F_OK) == 0)
        _ = opened.node.close()
    }

    @Test("what is no regular file is refused without a wait")
    func kinds() throws {
        let directory = try TemporaryDirectory()
        #expect(mkfifo(directory.path + "/fifo", 0o600) == 0)
        for name in ["fifo", ".", "missing", "/dev/zero"] {
            let error = #expect(throws: GraphError.self) {
                try open(fileNode(name), in: directory.path)
            }
            #expect(error?.code == .openFailed)
            #expect(error?.option == "filename")
        }
    }

    @Test("a read behind the end of a file that was cut off fails")
    func cutOff() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("disk", sizeBytes: 65536)
        try await DriverBench.run(try NodeStack([fileNode(path)])) { bench in
            #expect(truncate(path, 4096) == 0)
            #expect(await bench.ask(.read, 0, 8192).errorNumber == EIO)
            #expect(await bench.ask(.read, 0, 4096).errorNumber == 0)
        }
    }

    @Test("zeroes that are written become a hole")
    func zeroes() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("disk", sizeBytes: 1 << 20)
        let node = fileNode(path, [("detect-zeroes", .text("unmap"))])
        try await DriverBench.run(try NodeStack([node])) { bench in
            _ = await bench.ask(.write, 0, bytes: [UInt8](repeating: 7, count: 1 << 20))
            #expect(await bench.movesPages == false)
            let zeroes = [UInt8](repeating: 0, count: 65536)
            #expect(await bench.ask(.write, 65536, bytes: zeroes).errorNumber == 0)
            let extents = await bench.ask(.extents, 0, 1 << 20).extents
            #expect(extents.map(\.lengthBytes) == [65536, 65536, 917_504])
            #expect(extents.map(\.isHole) == [false, true, false])
            let one = await bench.ask(.extents, 0, 1 << 20, flags: .oneExtent).extents
            #expect(one.map(\.lengthBytes) == [65536])
        }
    }

    @Test("payloads travel in pipes both ways")
    func pipes() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("disk", sizeBytes: 1 << 20)
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        let (output, input) = (ends[0], ends[1])
        defer {
            close(output)
            close(input)
        }
        try await DriverBench.run(try NodeStack([fileNode(path)])) { bench in
            #expect(await bench.movesPages)
            let bytes = (0..<32768).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            #expect(write(input, bytes, bytes.count) == bytes.count)
            let written = await bench.ask(
                .write,
                4096,
                32768,
                flags: .forceUnitAccess,
                pipe: output
            )
            #expect(written.errorNumber == 0)
            #expect(await bench.ask(.read, 4096, 32768).bytes == bytes)
            #expect(await bench.ask(.read, 4096, 32768, pipe: input).errorNumber == 0)
            var found = [UInt8](repeating: 0, count: 32768)
            #expect(read(output, &found, found.count) == found.count)
            #expect(found == bytes)
            // Pages that are not in the cache come by the ring.
            let fd = Glibc.open(path, O_RDONLY)
            fsync(fd)
            posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED)
            close(fd)
            #expect(await bench.ask(.read, 4096, 32768, pipe: input).errorNumber == 0)
            #expect(read(output, &found, found.count) == found.count)
            #expect(found == bytes)
        }
    }

    @Test("read-only and direct are switched while requests run")
    func live() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("disk", sizeBytes: 1 << 20)
        try await DriverBench.run(try NodeStack([fileNode(path)])) { bench in
            for round in 0..<20 {
                async let reads: [Int32] = withTaskGroup(of: Int32.self) { group in
                    for index in 0..<32 {
                        group.addTask {
                            await bench.ask(.read, UInt64(index) * 4096, 4096).errorNumber
                        }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
                let options: [(String, OptionValue)] =
                    round % 2 == 0
                    ? [("cache", ContractCase.direct)] : [("read-only", .flag(true))]
                try await bench.change(to: fileNode(path, options), masks: NodeStack.reader)
                #expect(await reads.allSatisfy { $0 == 0 })
                let refused = await bench.ask(.write, 0, bytes: [UInt8](repeating: 1, count: 4096))
                #expect(refused.errorNumber == (round % 2 == 0 ? 0 : EPERM))
            }
        }
    }

    @Test("a small file and an odd size are taken as they are")
    func oddSize() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("disk", sizeBytes: 1001)
        let stack = try NodeStack([fileNode(path)])
        #expect(stack.limits.sizeBytes == 1001)
        try await DriverBench.run(stack) { bench in
            #expect(
                await bench.ask(.write, 990, bytes: [UInt8](repeating: 9, count: 11)) == Answer()
            )
            #expect(await bench.ask(.read, 999, 2).bytes == [9, 9])
        }
    }
}
