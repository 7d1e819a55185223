import BlockGraph
import Glibc
import GraphModel
import Testing

@Suite("copy-before-write and snapshot-access")
struct CopyBeforeWriteTests {
    private static let size = 1 << 20
    private static let cluster = 64 << 10
    private let old = (0..<CopyBeforeWriteTests.size).map {
        UInt8(truncatingIfNeeded: $0 / 4096 &* 7) | 1
    }

    /// A disk with old data, a target, and both nodes over them.
    private struct Setup {
        let disk: MemoryDisk
        let target: MemoryDisk
        let stack: NodeStack
    }

    private func setup(
        _ options: [(String, OptionValue)] = [],
        targetSize: Int = CopyBeforeWriteTests.size,
        isSlow: Bool = true
    ) throws -> Setup {
        let disk = MemoryDisk(size: Self.size, isSlow: isSlow)
        disk.corrupt(0, old)
        let target = MemoryDisk(size: targetSize, isSlow: isSlow)
        let stack = try NodeStack(
            [
                node("memory", named: "disk"), node("memory", named: "target"),
                node(
                    "copy-before-write",
                    options,
                    children: [("file", "disk"), ("target", "target")],
                    named: "cbw"
                ),
                node("snapshot-access", children: [("file", "cbw")], named: "view"),
            ],
            kinds: [MemoryKind(disks: ["disk": disk, "target": target])]
        )
        return Setup(disk: disk, target: target, stack: stack)
    }

    @Test("P7: the point in time stays readable on one loop while another one writes")
    func pointInTime() async throws {
        let setup = try setup()
        let old = old
        try await DriverBench.run(setup.stack, top: "cbw", closesStack: false) { guest in
            try await DriverBench.run(setup.stack, top: "view") { backup in
                let answers = await withTaskGroup(of: [Bool].self) { group in
                    for index in 0..<120 {
                        let offset = UInt64(index * 37 % 120) * 8192
                        group.addTask {
                            let operation = [BlockOperation.write, .writeZeroes, .discard][
                                index % 3
                            ]
                            let bytes = [UInt8](repeating: 0xEE, count: 12000)
                            let write = await guest.ask(operation, offset, 12000, bytes: bytes)
                            return [write.errorNumber == 0]
                        }
                        group.addTask {
                            let answer = await backup.ask(.read, offset, 20000)
                            let wanted = old[Int(offset)..<(Int(offset) + 20000)]
                            return [answer.errorNumber == 0, answer.bytes == Array(wanted)]
                        }
                    }
                    return await group.reduce(into: []) { $0 += $1 }
                }
                #expect(answers.count == 120 * 3)
                #expect(answers.allSatisfy { $0 })
                let whole = await backup.ask(.read, 0, UInt64(Self.size))
                #expect(whole.bytes == old)
            }
        }
        #expect(setup.disk.content != old)
    }

    @Test("only clusters that are overwritten are saved, once, and only these come from the target")
    func clusters() async throws {
        let setup = try setup()
        let old = old
        try await DriverBench.run(setup.stack, top: "cbw", closesStack: false) { guest in
            try await DriverBench.run(setup.stack, top: "view") { backup in
                for _ in 0..<3 { _ = await guest.ask(.write, 70_000, bytes: [1, 2, 3]) }
                let saved = setup.target.visits.filter { $0.operation == .write }
                #expect(saved.map(\.offset) == [UInt64(Self.cluster)])
                #expect(saved.map(\.length) == [UInt64(Self.cluster)])
                setup.target.forgetVisits()
                #expect(await backup.ask(.read, 0, 200_000).bytes == Array(old[0..<200_000]))
                #expect(setup.target.visits.map(\.offset) == [UInt64(Self.cluster)])
                #expect(setup.target.visits.map(\.length) == [UInt64(Self.cluster)])
                // The guest sees what it wrote.
                #expect(await guest.ask(.read, 70_000, 3).bytes == [1, 2, 3])
                let extents = await backup.ask(.extents, 0, UInt64(Self.size)).extents
                #expect(extents.reduce(0) { $0 + $1.lengthBytes } == UInt64(Self.size))
                #expect(await backup.ask(.write, 0, bytes: [1]).errorNumber == EPERM)
            }
        }
    }

    @Test("a write that changes nothing saves nothing")
    func unchanged() async throws {
        let setup = try setup()
        try await DriverBench.run(setup.stack, top: "cbw") { guest in
            _ = await guest.ask(.write, 0, bytes: [1], flags: .unchanged)
            #expect(setup.target.visits.isEmpty)
        }
    }

    @Test(
        "on-cbw-error says who suffers when saving fails",
        arguments: [(BlockOperation.read, true), (.read, false), (.write, true), (.write, false)]
    )
    func error(operation: BlockOperation, breaksSnapshot: Bool) async throws {
        let word = breaksSnapshot ? "break-snapshot" : "break-guest-write"
        let setup = try setup([("on-cbw-error", .text(word))])
        let failing = operation == .read ? setup.disk : setup.target
        let old = old
        try await DriverBench.run(setup.stack, top: "cbw", closesStack: false) { guest in
            try await DriverBench.run(setup.stack, top: "view", closesStack: false) { backup in
                failing.fail(operation, ENOSPC)
                let write = await guest.ask(.write, 0, bytes: [1, 2, 3])
                failing.fail(operation, nil)
                #expect(write.errorNumber == (breaksSnapshot ? 0 : ENOSPC))
                let read = await backup.ask(.read, 0, 4096)
                #expect(read.errorNumber == (breaksSnapshot ? EIO : 0))
                let bytes = await guest.ask(.read, 0, 3).bytes
                #expect(bytes == (breaksSnapshot ? [1, 2, 3] : Array(old[0..<3])))
                // Afterwards a write is refused no more.
                #expect(await guest.ask(.write, 0, bytes: [4]).errorNumber == 0)
            }
        }
        // Both are told while the node serves, and once more when it closes.
        let found = setup.stack.entries.compactMap { $0.node.finding }
        let fact = breaksSnapshot ? "its point in time was given up" : "refused a write, since"
        #expect(found.count == 1 && found[0].contains(fact), "\(found)")
        #expect(found.allSatisfy { $0.contains("No space left on device") }, "\(found)")
        #expect(setup.stack.entries.compactMap { $0.node.close() } == found)
    }

    @Test("cbw-timeout lets a write go when the target hangs", arguments: [true, false])
    func timeout(breaksSnapshot: Bool) async throws {
        let word = breaksSnapshot ? "break-snapshot" : "break-guest-write"
        let setup = try setup([
            ("on-cbw-error", .text(word)), ("cbw-timeout", .integer(20_000_000)),
        ])
        let old = old
        try await DriverBench.run(setup.stack, top: "cbw", closesStack: false) { guest in
            try await DriverBench.run(setup.stack, top: "view") { backup in
                setup.target.hold(.write)
                let write = await guest.ask(.write, 0, bytes: [1, 2, 3])
                #expect(write.errorNumber == (breaksSnapshot ? 0 : ETIMEDOUT))
                // What saves the old data is still under way: a drain would wait for it.
                #expect(await guest.parkedCount == 1)
                setup.target.release()
                while await guest.parkedCount > 0 { await Task.yield() }
                let read = await backup.ask(.read, 0, 4096)
                #expect(read.errorNumber == (breaksSnapshot ? EIO : 0))
                if !breaksSnapshot { #expect(read.bytes == Array(old[0..<4096])) }
            }
        }
    }

    @Test("a target that is too small, or a file that keeps nothing, is refused")
    func refusals() {
        #expect(throws: GraphError.self) { try setup(targetSize: Self.size - 4096) }
        #expect(throws: GraphError.self) {
            try NodeStack([node("null-co"), node("snapshot-access", over: "file")])
        }
    }
}
