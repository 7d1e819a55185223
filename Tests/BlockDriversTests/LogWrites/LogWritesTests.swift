import BlockGraph
import Glibc
import GraphModel
import Testing

/// A log of writes as a replay tool reads it.
private struct ReadLog {
    struct Entry: Hashable {
        var offset: Int
        var length: Int
        var flags: UInt64
        var data: [UInt8]
    }

    static let flush: UInt64 = 1
    static let forceUnitAccess: UInt64 = 2
    static let discard: UInt64 = 4

    var entries: [Entry] = []

    init(_ path: String, sector: Int = 512) throws {
        let bytes = try #require(Self.bytes(path))
        func number(_ offset: Int, _ count: Int = 8) -> Int {
            (0..<count).reversed().reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
        }
        #expect(number(0) == 0x6a_7366_7773_6872)
        #expect(number(8) == 1)
        #expect(number(24, 4) == sector)
        var place = sector
        for _ in 0..<number(16) {
            let flags = UInt64(number(place + 16))
            let length = number(place + 8) * sector
            let hasData = flags & Self.discard == 0
            let begin = place + sector
            let end = begin + (hasData ? length : 0)
            entries.append(
                Entry(
                    offset: number(place) * sector,
                    length: length,
                    flags: flags,
                    data: Array(bytes[begin..<end])
                )
            )
            place = end
        }
    }

    /// The disk after some of the entries.
    func replay(_ count: Int, size: Int) -> [UInt8] {
        var disk = [UInt8](repeating: 0, count: size)
        for entry in entries.prefix(count) where !entry.data.isEmpty {
            disk.replaceSubrange(entry.offset..<(entry.offset + entry.length), with: entry.data)
        }
        return disk
    }

    static func bytes(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        fseek(file, 0, SEEK_END)
        var bytes = [UInt8](repeating: 0, count: ftell(file))
        rewind(file)
        return fread(&bytes, 1, bytes.count, file) == bytes.count ? bytes : nil
    }
}

@Suite("log-writes")
struct LogWritesTests {
    private static let size = 256 << 10

    private func stack(
        _ directory: TemporaryDirectory,
        _ options: [(String, OptionValue)] = []
    ) throws -> NodeStack {
        let create = OptionValue.mapping(Options([("size", .integer(Int64(Self.size)))]))
        let stack = try NodeStack([
            fileNode(directory.path + "/disk", [("create", create)], named: "disk"),
            fileNode(directory.path + "/log", [("create", .flag(true))], named: "log"),
            node("log-writes", options, children: [("file", "disk"), ("log", "log")]),
        ])
        try stack.begin()
        return stack
    }

    @Test("a replay of the whole log is the disk, and flushes stand where they began")
    func replay() async throws {
        let directory = try TemporaryDirectory()
        let stack = try stack(directory)
        try await DriverBench.run(stack) { bench in
            _ = await bench.ask(.write, 4096, bytes: [UInt8](repeating: 7, count: 1024))
            _ = await bench.ask(.flush)
            _ = await bench.ask(.writeZeroes, 4096, 512)
            _ = await bench.ask(
                .write,
                8192,
                bytes: [UInt8](repeating: 9, count: 512),
                flags: .forceUnitAccess
            )
            _ = await bench.ask(.discard, 0, 2048)
            try stack.settle()
        }
        let log = try ReadLog(directory.path + "/log")
        #expect(log.entries.map(\.flags) == [0, ReadLog.flush, 0, 2, ReadLog.discard])
        #expect(log.entries.map(\.offset) == [4096, 0, 4096, 8192, 0])
        #expect(log.entries.map(\.length) == [1024, 0, 512, 512, 2048])
        let disk = try #require(ReadLog.bytes(directory.path + "/disk"))
        #expect(log.replay(5, size: Self.size) == disk)
        #expect(log.replay(1, size: Self.size)[4096..<5120].allSatisfy { $0 == 7 })
    }

    @Test("requests of many clients come into the log whole, one after the other")
    func concurrent() async throws {
        let directory = try TemporaryDirectory()
        let stack = try stack(directory, [("log-super-update-interval", .integer(3))])
        try await DriverBench.run(stack) { bench in
            await withTaskGroup(of: Void.self) { group in
                for index in 0..<64 {
                    group.addTask {
                        let bytes = [UInt8](repeating: UInt8(index + 1), count: 4096)
                        _ = await bench.ask(.write, UInt64(index) * 4096, bytes: bytes)
                        if index % 9 == 0 { _ = await bench.ask(.flush) }
                    }
                }
            }
            try stack.settle()
        }
        let log = try ReadLog(directory.path + "/log")
        #expect(log.entries.count == 64 + 8)
        let disk = try #require(ReadLog.bytes(directory.path + "/disk"))
        #expect(log.replay(log.entries.count, size: Self.size) == disk)
    }

    @Test("log-append goes on behind the log of before, and refuses what is none")
    func append() async throws {
        let directory = try TemporaryDirectory()
        for round in 0..<3 {
            let options: [(String, OptionValue)] = [("log-append", .flag(round > 0))]
            let stack = try stack(directory, options)
            try await DriverBench.run(stack) { bench in
                let bytes = [UInt8](repeating: UInt8(round), count: 512)
                _ = await bench.ask(.write, UInt64(round) * 512, bytes: bytes)
                _ = await bench.ask(.discard, 0, 8192)
                try stack.settle()
            }
        }
        let log = try ReadLog(directory.path + "/log")
        #expect(log.entries.map(\.offset) == [0, 0, 512, 0, 1024, 0])
        _ = TemporaryDirectory.shell("head -c 4096 /dev/zero > \(directory.path)/log")
        #expect(throws: GraphError.self) { try stack(directory, [("log-append", .flag(true))]) }
    }

    @Test("a write that fails is not in the log, and one that cannot be logged fails")
    func failures() async throws {
        let disk = MemoryDisk(size: Self.size)
        let log = MemoryDisk(size: 4096)
        let stack = try NodeStack(
            [
                node("memory", named: "disk"), node("memory", named: "log"),
                node("log-writes", children: [("file", "disk"), ("log", "log")]),
            ],
            kinds: [MemoryKind(disks: ["disk": disk, "log": log])]
        )
        try stack.begin()
        try await DriverBench.run(stack) { bench in
            let sector = [UInt8](repeating: 1, count: 512)
            disk.fail(.write, ENOSPC)
            log.forgetVisits()
            #expect(await bench.ask(.write, 0, bytes: sector).errorNumber == ENOSPC)
            #expect(log.visits.isEmpty)
            disk.fail(.write, nil)
            log.fail(.write, EIO)
            #expect(await bench.ask(.write, 0, bytes: sector).errorNumber == EIO)
            log.fail(.write, nil)
            for _ in 0..<3 {
                #expect(await bench.ask(.write, 0, bytes: sector).errorNumber == 0)
            }
            // Eight sectors: the head, three entries of two; the next one does not fit.
            #expect(await bench.ask(.write, 0, bytes: sector).errorNumber == ENOSPC)
        }
    }
}
