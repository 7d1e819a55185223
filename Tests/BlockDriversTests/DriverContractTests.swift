import BlockDrivers
import BlockGraph
import GraphModel
import Testing

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

    /// Drivers that no case can show, since they keep nothing or need what is not in every place.
    ///
    /// Each has tests of its own.
    private static let shownElsewhere: Set<String> = [
        "null-co", "host_device", "snapshot-access", "compress", "qcow2",
    ]

    @Test("every driver that can be opened has a case here, or says why not")
    func coverage() {
        let shown = ContractCase.all.reduce(into: Self.shownElsewhere) { $0.formUnion($1.drivers) }
        let kinds = DriverCatalog.kinds(throttleGroups: ThrottleGroups())
        #expect(Set(kinds.map(\.name)).isSubset(of: shown))
        #expect(Set(kinds.map(\.name)).count == kinds.count)
        for kind in kinds { #expect(Catalog.driver(kind.name) != nil, "\(kind.name)") }
    }

    @Test("what was written is there when the disk is opened again", arguments: ContractCase.all)
    func reopening(_ contract: ContractCase) async throws {
        let directory = try TemporaryDirectory(under: contract.parent)
        let stack = try contract.open(in: directory)
        let content = try await DriverBench.run(stack) { bench in
            var disk = DiskModel(limits: stack.limits, seed: 4711)
            for step in 0..<60 { await disk.step(step, on: bench) }
            try stack.settle()
            return disk.content
        }
        let again = try contract.open(in: directory)
        try await DriverBench.run(again) { bench in
            var found: [UInt8] = []
            while found.count < content.count {
                let length = min(64 << 10, content.count - found.count)
                let answer = await bench.ask(.read, UInt64(found.count), UInt64(length))
                #expect(answer.errorNumber == 0)
                found += answer.bytes.count == length ? answer.bytes : []
                guard answer.bytes.count == length else { return }
            }
            #expect(found == content)
        }
    }

    @Test("a drain ends, whatever is under way", arguments: ContractCase.all)
    func draining(_ contract: ContractCase) async throws {
        let directory = try TemporaryDirectory(under: contract.parent)
        let stack = try contract.open(in: directory)
        try await DriverBench.run(stack) { bench in
            let errors = await withTaskGroup(of: Int32.self) { group in
                for index in 0..<48 {
                    let operation = [BlockOperation.write, .read, .writeZeroes, .flush][index % 4]
                    let bytes = [UInt8](repeating: 1, count: 16384)
                    let offset = operation == .flush ? 0 : UInt64(index / 4) * 8192
                    group.addTask {
                        await bench.ask(operation, offset, 16384, bytes: bytes).errorNumber
                    }
                }
                group.addTask {
                    await bench.drain(true)
                    return 0
                }
                return await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(errors == [0])
            #expect(await bench.parkedCount == 0)
            await bench.drain(false)
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
