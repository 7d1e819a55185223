import BlockGraph
import Glibc
import GraphModel
import RingLoop
import Testing

@testable import BlockDrivers

@Suite("Pages that are lent")
struct LentPagesTests {
    private static let mebibyte: UInt64 = 1 << 20

    private func pattern(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    }

    private func dropCache(_ path: String) {
        let fd = Glibc.open(path, O_RDONLY)
        fsync(fd)
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED)
        close(fd)
    }

    @Test("what is cached is lent, whatever the alignment, and the rest is read")
    func cached() async throws {
        // What is in memory cannot be dropped from it.
        let directory = try TemporaryDirectory(under: "/var/tmp")
        let path = directory.file("disk", sizeBytes: 4 << 20)
        let bytes = pattern(4 << 20)
        try await DriverBench.run(try NodeStack([fileNode(path)])) { bench in
            #expect(await bench.lendsPages)
            #expect(await bench.ask(.write, 0, bytes: bytes).errorNumber == 0)
            // The first one finds out whether it can be done.
            #expect(await bench.ask(.read, 0, 512).isLent == false)
            for (offset, length) in [
                (0, 4096), (0, 1), (4095, 2), (262_143, 2), (262_000, 600_000),
            ] {
                let answer = await bench.ask(.read, UInt64(offset), UInt64(length))
                #expect(answer.isLent)
                #expect(answer.bytes == Array(bytes[offset..<(offset + length)]))
            }
        }
        dropCache(path)
        try await DriverBench.run(try NodeStack([fileNode(path)])) { bench in
            _ = await bench.ask(.read, 0, 512)
            dropCache(path)
            let answer = await bench.ask(.read, 2 * Self.mebibyte, 8192)
            #expect(!answer.isLent)
            #expect(answer.bytes == Array(bytes[(2 << 20)..<((2 << 20) + 8192)]))
        }
    }

    @Test("nobody gets bytes of a file behind the place where it was cut off")
    func cutOff() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("disk", sizeBytes: 1 << 20)
        try await DriverBench.run(try NodeStack([fileNode(path)])) { bench in
            _ = await bench.ask(.write, 0, bytes: pattern(1 << 20))
            _ = await bench.ask(.read, 0, 512)
            #expect(truncate(path, 4096) == 0)
            // The page cache may hold a large piece, of which the kernel gives nothing.
            let beyond = await bench.ask(.read, 524_288, 4096)
            #expect(beyond.isLent || beyond.errorNumber == EIO)
            #expect(beyond.bytes.isEmpty)
            let before = await bench.ask(.read, 0, 4096)
            #expect(before.isLent)
            #expect(before.bytes == Array(pattern(4096)))
        }
    }

    @Test("who may not ask what is cached, or wants no cache, lends nothing")
    func refusals() async throws {
        let directory = try TemporaryDirectory(under: "/var/tmp")
        let path = directory.file("disk", sizeBytes: 1 << 20)
        let direct = OptionValue.mapping(Options([("direct", .flag(true))]))
        try await DriverBench.run(try NodeStack([fileNode(path, [("cache", direct)])])) { bench in
            #expect(await bench.lendsPages == false)
        }
        // Only root can make files that are others'.
        guard geteuid() == 0 else { return }
        #expect(chown(path, 12_345, 12_345) == 0)
        let readOnly = [("read-only", OptionValue.flag(true))]
        let stack = try NodeStack([fileNode(path, readOnly)], masks: NodeStack.reader)
        try await DriverBench.run(stack) { bench in
            for _ in 0..<3 { #expect(await bench.ask(.read, 0, 4096).isLent == false) }
        }
    }

    @Test("a switch to and from direct transfers lends what belongs to the time")
    func switches() async throws {
        let directory = try TemporaryDirectory(under: "/var/tmp")
        let path = directory.file("disk", sizeBytes: 1 << 20)
        let direct = OptionValue.mapping(Options([("direct", .flag(true))]))
        try await DriverBench.run(try NodeStack([fileNode(path)])) { bench in
            for round in 0..<6 {
                let bytes = [UInt8](repeating: UInt8(round + 1), count: 8192)
                let isDirect = round % 2 == 1
                let node = fileNode(path, isDirect ? [("cache", direct)] : [])
                try await bench.change(to: node, masks: NodeStack.writer)
                #expect(await bench.ask(.write, 8192, bytes: bytes).errorNumber == 0)
                _ = await bench.ask(.read, 8192, 8192)
                let answer = await bench.ask(.read, 8192, 8192)
                #expect(answer.isLent == !isDirect)
                #expect(answer.bytes == bytes)
            }
        }
    }

    @Test("no more is shown than the budget allows, and what is not used gives way")
    func budget() async throws {
        let directory = try TemporaryDirectory()
        let far = UInt64(LentPages.placeCount) * LentPages.regionBytes
        let path = directory.file("disk", sizeBytes: Int(far) + 8192)
        try await DriverBench.run(try NodeStack([fileNode(path)])) { bench in
            for offset in [0, LentPages.regionBytes, 2 * LentPages.regionBytes, far] {
                _ = await bench.ask(.write, offset, bytes: pattern(4096))
            }
            let fd = Glibc.open(path, O_RDWR)
            defer { close(fd) }
            let mapping = try #require(FileMapping(fd, sizeBytes: far + 8192))
            let budget = LoanBudget(bytesMax: 2 * Int(LentPages.regionBytes))
            let loop = bench.loop
            await bench.perform {
                let pages = LentPages(mapping, loop: loop, budget: budget)
                func lends(_ offset: UInt64) -> Bool {
                    pages.pages(offsetBytes: offset, lengthBytes: 4096) == mapping.start
                        + Int(offset)
                }
                #expect(lends(0))
                // The place of the first region is taken by one that was just used.
                #expect(!lends(far))
                #expect(lends(LentPages.regionBytes))
                #expect(!lends(2 * LentPages.regionBytes))
                #expect(lends(0))
                #expect(pages.regionCount == 2)
                #expect(pages.pages(offsetBytes: far + 4096, lengthBytes: 4097) == nil)
                #expect(pages.pages(offsetBytes: mapping.lengthBytes, lengthBytes: 1) == nil)
                #expect(pages.pages(offsetBytes: .max, lengthBytes: 2) == nil)
                #expect(pages.pages(offsetBytes: 0, lengthBytes: 0) == nil)
            }
            // Whoever goes gives back what he had.
            await bench.perform {
                let pages = LentPages(mapping, loop: loop, budget: budget)
                #expect(pages.pages(offsetBytes: far, lengthBytes: 4096) != nil)
                #expect(pages.pages(offsetBytes: 0, lengthBytes: 4096) == nil)
            }
        }
    }

    @Test("filters that pass payloads on unseen lend, others do not", arguments: ContractCase.all)
    func filters(_ contract: ContractCase) async throws {
        let directory = try TemporaryDirectory(under: contract.parent)
        let stack = try contract.open(in: directory)
        try await DriverBench.run(stack) { bench in
            if await bench.movesPages { #expect(await bench.lendsPages) }
            let looks = !contract.drivers.isDisjoint(with: ["quorum", "blkverify", "log-writes"])
            if looks { #expect(await bench.lendsPages == false) }
            guard await bench.lendsPages else { return }
            // Those who lend show what was written, in both ways.
            let bytes = pattern(65_536)
            #expect(await bench.ask(.write, 4096, bytes: bytes).errorNumber == 0)
            for _ in 0..<2 { #expect(await bench.ask(.read, 4096, 65_536).bytes == bytes) }
        }
    }

    @Test("an image lends its clusters, and copies what is not whole in one place")
    func images() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/disk.qcow2"
        let made = TemporaryDirectory.shell("qemu-img create -q -f qcow2 \(path) 4M")
        #expect(made.status == 0, "\(made.output)")
        let bytes = pattern(65_536)
        try await DriverBench.run(try ImageStack.open(path)) { bench in
            #expect(await bench.lendsPages)
            _ = await bench.ask(.write, 0, bytes: bytes)
            _ = await bench.ask(.write, 131_072, bytes: bytes)
            _ = await bench.ask(.read, 0, 512)
            let lent = await bench.ask(.read, 512, 32_768)
            #expect(lent.isLent)
            #expect(lent.bytes == Array(bytes[512..<33_280]))
            // One half in a cluster, one half in none.
            let mixed = await bench.ask(.read, 65_536 - 512, 1024)
            #expect(!mixed.isLent)
            #expect(mixed.bytes == bytes.suffix(512) + [UInt8](repeating: 0, count: 512))
            let empty = await bench.ask(.read, 1 << 20, 4096)
            #expect(!empty.isLent)
            #expect(empty.bytes == [UInt8](repeating: 0, count: 4096))
        }
    }
}
