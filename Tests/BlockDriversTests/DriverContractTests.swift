import BlockDrivers
import BlockGraph
import GraphModel
import Testing

/// A stack of drivers that must behave as a disk.
struct ContractCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var parent = "/tmp"
    var options: [(String, OptionValue)] = []
    var above: [NodeDescription] = []

    static let imageBytes = 2 << 20

    static let direct = OptionValue.mapping(
        Options([("direct", .flag(true)), ("no-flush", .flag(false))])
    )

    static let all: [ContractCase] = [
        ContractCase(testDescription: "file"),
        ContractCase(testDescription: "file on tmpfs", parent: "/dev/shm"),
        ContractCase(testDescription: "file, direct", options: [("cache", direct)]),
        ContractCase(
            testDescription: "file, zeroes detected",
            options: [("detect-zeroes", .text("unmap"))]
        ),
        ContractCase(
            testDescription: "file, discards ignored",
            options: [("discard", .text("ignore"))]
        ),
        ContractCase(testDescription: "raw", above: [node("raw", over: "file")]),
        ContractCase(
            testDescription: "raw window",
            above: [
                node(
                    "raw",
                    [("offset", .integer(4096)), ("size", .integer(1 << 20))],
                    over: "file"
                )
            ]
        ),
        ContractCase(
            testDescription: "throttle without limits",
            above: [node("throttle", [("throttle-group", .text("g"))], over: "file")]
        ),
        ContractCase(
            testDescription: "blkdebug, aligned",
            above: [node("blkdebug", [("align", .integer(4096))], over: "image")]
        ),
        ContractCase(
            testDescription: "blkdebug, delayed",
            above: [node("blkdebug", [("delay", .integer(1_000_000))], over: "image")]
        ),
        ContractCase(
            testDescription: "all of them",
            options: [("cache", direct)],
            above: [
                node("raw", [("offset", .integer(8192))], over: "file"),
                node("throttle", [("throttle-group", .text("g"))], over: "file"),
                node("blkdebug", [("max-transfer", .integer(65536))], over: "image"),
            ]
        ),
    ]

    /// Opens the stack over a new file.
    func open(in directory: TemporaryDirectory) throws -> NodeStack {
        let groups = ThrottleGroups()
        var desired = GraphDescription()
        desired.throttleGroups["g"] = ThrottleGroupDescription(name: "g", limits: Options())
        try groups.prepare(live: GraphDescription(), desired: desired).commit()
        let image = directory.file("disk", sizeBytes: Self.imageBytes)
        return try NodeStack([fileNode(image, options)] + above, groups: groups)
    }
}

@Suite("Every driver is a disk")
struct DriverContractTests {
    @Test("what was written is read, whatever was done in between", arguments: ContractCase.all)
    func model(_ contract: ContractCase) async throws {
        let directory = try TemporaryDirectory(under: contract.parent)
        let stack = try contract.open(in: directory)
        try await DriverBench.run(stack) { bench in
            var disk = DiskModel(limits: stack.limits, seed: 20_261_122)
            for step in 0..<150 { await disk.step(step, on: bench) }
        }
    }

    @Test("requests that overlap in time are each answered once", arguments: ContractCase.all)
    func concurrent(_ contract: ContractCase) async throws {
        let directory = try TemporaryDirectory(under: contract.parent)
        let stack = try contract.open(in: directory)
        try await DriverBench.run(stack) { bench in
            let answers = await withTaskGroup(of: Answer.self) { group in
                for index in 0..<64 {
                    group.addTask {
                        let bytes = [UInt8](repeating: UInt8(index + 1), count: 8192)
                        _ = await bench.ask(
                            .write,
                            UInt64(index) * 8192,
                            bytes: bytes,
                            flags: index % 8 == 0 ? .forceUnitAccess : []
                        )
                        if index % 5 == 0 { _ = await bench.ask(.flush) }
                        return await bench.ask(.read, UInt64(index) * 8192, 8192)
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count == 64)
            #expect(answers.allSatisfy { $0.errorNumber == 0 })
            #expect(Set(answers.map { $0.bytes.first ?? 0 }).count == 64)
            #expect(answers.allSatisfy { Set($0.bytes).count == 1 })
        }
    }

    @Test("a node that only reads refuses to be changed")
    func readOnly() async throws {
        let directory = try TemporaryDirectory()
        let image = directory.file("disk", sizeBytes: 65536)
        let stack = try NodeStack(
            [fileNode(image, [("read-only", .flag(true))])],
            masks: NodeStack.reader
        )
        #expect(stack.limits.isReadOnly)
        try await DriverBench.run(stack) { bench in
            for operation in [BlockOperation.write, .discard, .writeZeroes] {
                let answer = await bench.ask(operation, 0, 512, bytes: [1, 2, 3])
                #expect(answer.errorNumber == 1)
            }
            #expect(await bench.ask(.flush).errorNumber == 0)
        }
    }

    @Test("null-co reads as zeroes and keeps nothing")
    func null() async throws {
        let stack = try NodeStack([node("null-co", [("size", .integer(1 << 30))])])
        try await DriverBench.run(stack) { bench in
            let write = await bench.ask(.write, 0, bytes: [1, 2, 3, 4])
            #expect(write == Answer())
            #expect(await bench.ask(.read, 0, 4).bytes == [0, 0, 0, 0])
            let extents = await bench.ask(.extents, 0, 1 << 30).extents
            #expect(extents.map(\.lengthBytes) == [1 << 30])
            #expect(extents.allSatisfy { $0.isHole && $0.readsZero })
        }
    }

    @Test("a delay ends with a drain")
    func drain() async throws {
        let hour: Int64 = 3_600_000_000_000
        let stack = try NodeStack([node("null-co", [("latency", .integer(hour))])])
        try await DriverBench.run(stack) { bench in
            async let parked = bench.ask(.read, 0, 512)
            while await bench.waitingCount == 0 { await Task.yield() }
            await bench.withDriver { $0.drainBegan() }
            #expect(await parked.waited)
            #expect(await bench.ask(.read, 0, 512).waited == false)
            await bench.withDriver { $0.drainEnded() }
            async let second = bench.ask(.read, 0, 512)
            while await bench.waitingCount == 0 { await Task.yield() }
            try await bench.change(to: node("null-co"), masks: NodeStack.writer)
            #expect(await second.errorNumber == 0)
        }
    }
}
