import BlockGraph
import GraphModel
import Testing

/// An image that must behave as a disk, and how it is opened.
struct ImageCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Options of `qemu-img create`.
    var creation = "cluster_size=64K"
    var size = "3M"
    var options: [(String, OptionValue)] = []
    var fileOptions: [(String, OptionValue)] = []

    static let direct = OptionValue.mapping(
        Options([("direct", .flag(true)), ("no-flush", .flag(false))])
    )

    static let all: [ImageCase] = [
        ImageCase(testDescription: "plain"),
        ImageCase(testDescription: "past the page cache", fileOptions: [("cache", direct)]),
        ImageCase(
            testDescription: "few tables in memory",
            creation: "cluster_size=512",
            size: "3M",
            options: [("l2-cache-size", .integer(4096)), ("refcount-cache-size", .integer(4096))]
        ),
        ImageCase(
            testDescription: "few tables, past the page cache",
            creation: "cluster_size=4K,refcount_bits=64",
            size: "24M",
            options: [
                ("l2-cache-size", .integer(32768)), ("refcount-cache-size", .integer(32768)),
            ],
            fileOptions: [("cache", direct)]
        ),
        ImageCase(
            testDescription: "subclusters past the page cache",
            creation: "extended_l2=on",
            fileOptions: [("cache", direct)]
        ),
        ImageCase(
            testDescription: "zeroes detected",
            options: [("detect-zeroes", .text("unmap")), ("discard", .text("unmap"))]
        ),
        ImageCase(testDescription: "discards ignored", options: [("discard", .text("ignore"))]),
        ImageCase(testDescription: "late counts", creation: "lazy_refcounts=on"),
        ImageCase(testDescription: "version 2", creation: "compat=0.10"),
    ]

    /// Makes the image.
    func make(in directory: TemporaryDirectory) -> String {
        let path = directory.path + "/image"
        let made = TemporaryDirectory.shell(
            "qemu-img create -q -f qcow2 -o \(creation) \(path) \(size)"
        )
        precondition(made.status == 0, made.output)
        // Without the page cache a file has to end where a block of the device does.
        _ = TemporaryDirectory.shell("truncate -s %4096 \(path)")
        return path
    }
}

@Suite("A qcow2 image is a disk", .enabled(if: TemporaryDirectory.has("qemu-img")))
struct Qcow2ContractTests {
    private func check(_ path: String) {
        let checked = TemporaryDirectory.shell("qemu-img check -q \(path)")
        #expect(checked.status == 0, "\(checked.output)")
    }

    @Test("what was written is read, and qemu-img finds nothing", arguments: ImageCase.all)
    func model(_ image: ImageCase) async throws {
        let directory = try TemporaryDirectory()
        let path = image.make(in: directory)
        for round in 0..<2 {
            let stack = try ImageStack.open(
                path,
                options: image.options,
                fileOptions: image.fileOptions
            )
            try await DriverBench.run(stack) { bench in
                if round == 0 {
                    var disk = DiskModel(limits: stack.limits, seed: 20_261_122)
                    for step in 0..<300 { await disk.step(step, on: bench) }
                }
                try await ImageStack.settle(stack)
            }
            check(path)
        }
    }

    @Test("requests that overlap in time are each answered once", arguments: ImageCase.all)
    func concurrent(_ image: ImageCase) async throws {
        let directory = try TemporaryDirectory()
        let path = image.make(in: directory)
        let stack = try ImageStack.open(
            path,
            options: image.options,
            fileOptions: image.fileOptions
        )
        let sectors = stack.limits.sizeBytes / 4096
        try await DriverBench.run(stack) { bench in
            let failures = await withTaskGroup(of: Int.self) { group in
                for worker in 0..<64 {
                    group.addTask { await Self.work(worker, on: bench, sectors: sectors) }
                }
                return await group.reduce(0, +)
            }
            #expect(failures == 0)
            try await ImageStack.settle(stack)
        }
        check(path)
    }

    /// Changes every 64th sector, which nobody else does, and reads it back.
    private static func work(_ worker: Int, on bench: DriverBench, sectors: UInt64) async -> Int {
        var generator = SeededGenerator(seed: UInt64(worker))
        var failures = 0
        for round in 0..<25 {
            let place = UInt64.random(in: 0..<(sectors / 64), using: &generator)
            let offset = (place * 64 + UInt64(worker)) * 4096
            var expected = [UInt8](repeating: UInt8(worker * 3 + round + 1), count: 4096)
            switch Int.random(in: 0..<8, using: &generator) {
            case 0:
                expected = [UInt8](repeating: 0, count: 4096)
                let answer = await bench.ask(.writeZeroes, offset, 4096, flags: .mayUnmap)
                if answer.errorNumber != 0 { failures += 1 }
            case 1:
                // What is whole of it may go, and nothing else of the others.
                _ = await bench.ask(.discard, offset, 4096)
                let answer = await bench.ask(.write, offset, bytes: expected)
                if answer.errorNumber != 0 { failures += 1 }
            default:
                let answer = await bench.ask(
                    .write,
                    offset,
                    bytes: expected,
                    flags: round % 9 == 0 ? .forceUnitAccess : []
                )
                if answer.errorNumber != 0 { failures += 1 }
            }
            if round % 6 == 0, await bench.ask(.flush).errorNumber != 0 { failures += 1 }
            if await bench.ask(.read, offset, 4096).bytes != expected { failures += 1 }
        }
        return failures
    }

    @Test("a compressed write is read back, and is smaller on disk")
    func compressed() async throws {
        for kind in ["zlib", "zstd"] {
            let directory = try TemporaryDirectory()
            let image = ImageCase(testDescription: kind, creation: "compression_type=\(kind)")
            let path = image.make(in: directory)
            let stack = try ImageStack.open(path)
            #expect(stack.limits.compresses)
            #expect(stack.limits.clusterBytes == 65536)
            try await DriverBench.run(stack) { bench in
                for cluster in 0..<48 {
                    let bytes = [UInt8](repeating: UInt8(cluster + 1), count: 65536)
                    let offset = UInt64(cluster) * 65536
                    let answer = await bench.ask(.write, offset, bytes: bytes, flags: .compressed)
                    #expect(answer.errorNumber == 0)
                    #expect(await bench.ask(.read, offset, 65536).bytes == bytes)
                }
                // Over some of them is written plainly, and compressed once more.
                let plain = [UInt8](repeating: 200, count: 1000)
                #expect(await bench.ask(.write, 70_000, bytes: plain).errorNumber == 0)
                let again = [UInt8](repeating: 201, count: 65536)
                _ = await bench.ask(.write, 3 * 65536, bytes: again, flags: .compressed)
                #expect(await bench.ask(.read, 3 * 65536, 65536).bytes == again)
                #expect(await bench.ask(.read, 70_000, 1000).bytes == plain)
                try await ImageStack.settle(stack)
            }
            check(path)
            #expect(BrokenImages.contents(of: path).count < 700_000)
        }
    }
}
