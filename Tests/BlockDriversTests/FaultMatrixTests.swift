import BlockDrivers
import BlockGraph
import Glibc
import GraphModel
import Testing

/// A driver over a child that fails when it is told to: suite E of the reliability programme.
private struct FaultCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Files beside the one that fails.
    var others: [String] = []
    let top: NodeDescription
    /// What a client is told when its child says something, if not the same.
    var answers: [BlockOperation: Int32] = [:]
    /// Whether a block whose write failed may differ between children afterwards.
    var mayDiffer = false

    static let all: [FaultCase] = [
        FaultCase(testDescription: "raw", top: node("raw", over: "file")),
        FaultCase(
            testDescription: "raw window",
            top: node("raw", [("offset", .integer(0)), ("size", .integer(1 << 20))], over: "file")
        ),
        FaultCase(
            testDescription: "throttle",
            top: node("throttle", [("throttle-group", .text("g"))], over: "file")
        ),
        FaultCase(
            testDescription: "blkdebug",
            top: node("blkdebug", [("delay", .integer(1000))], over: "image")
        ),
        FaultCase(testDescription: "copy-on-read", top: node("copy-on-read", over: "file")),
        FaultCase(
            testDescription: "copy-before-write",
            others: ["target"],
            top: node("copy-before-write", children: [("file", "faulty"), ("target", "target")])
        ),
        FaultCase(
            testDescription: "quorum",
            others: ["b"],
            top: node(
                "quorum",
                [("vote-threshold", .integer(2))],
                children: [("children.0", "faulty"), ("children.1", "b")]
            ),
            // Discards go nowhere, and a copy that cannot list its extents is called data.
            answers: [.discard: 0, .extents: 0],
            mayDiffer: true
        ),
        FaultCase(
            testDescription: "blkverify",
            others: ["b"],
            top: node("blkverify", children: [("raw", "faulty"), ("test", "b")]),
            answers: [.read: EIO, .write: EIO, .writeZeroes: EIO, .flush: EIO, .discard: 0],
            mayDiffer: true
        ),
        FaultCase(
            testDescription: "log-writes",
            others: ["log"],
            top: node("log-writes", children: [("file", "faulty"), ("log", "log")])
        ),
        FaultCase(testDescription: "preallocate", top: node("preallocate", over: "file")),
    ]
}

/// When a fault happens among the requests of a cell.
private enum Moment: CaseIterable {
    /// The first of several that come one after the other.
    case first
    /// The one that touches a certain sector.
    case inTheMiddle
    /// Any one of several that are under way together.
    case together
}

@Suite("Faults of a child")
struct FaultMatrixTests {
    private static let operations: [(BlockOperation, word: String)] = [
        (.read, "read"), (.write, "write"), (.writeZeroes, "write-zeroes"),
        (.discard, "discard"), (.flush, "flush"), (.extents, "block-status"),
    ]
    private static let errors = [EIO, ENOSPC, EPERM, ETIMEDOUT, EINTR, EAGAIN]
    private static let blockBytes = 8192
    private static let blocks = 8

    @Test(
        "an error reaches the client whose request it is, as what it is, and nobody else",
        arguments: FaultCase.all
    )
    fileprivate func matrix(_ fault: FaultCase) async throws {
        let directory = try TemporaryDirectory(under: "/dev/shm")
        var cells = 0
        for (operation, word) in Self.operations {
            for error in Self.errors {
                for moment in Moment.allCases {
                    let stack = try open(fault, in: directory, word, error, moment)
                    let cell = "\(word) \(error) \(moment)"
                    try await DriverBench.run(stack) { bench in
                        await run(fault, operation, error, moment, cell, bench)
                    }
                    cells += 1
                }
            }
        }
        #expect(cells == 6 * 6 * 3)
    }

    private func open(
        _ fault: FaultCase,
        in directory: TemporaryDirectory,
        _ word: String,
        _ error: Int32,
        _ moment: Moment
    ) throws -> NodeStack {
        let groups = ThrottleGroups()
        var desired = GraphDescription()
        desired.throttleGroups["g"] = ThrottleGroupDescription(name: "g", limits: Options())
        try groups.prepare(live: GraphDescription(), desired: desired).commit()
        var rule: [(String, OptionValue)] = [
            ("iotype", .text(word)), ("errno", .integer(Int64(error))), ("once", .flag(true)),
        ]
        if moment == .inTheMiddle, word != "flush" {
            rule.append(("sector", .integer(Int64(5 * Self.blockBytes / 512))))
        }
        let files = (fault.others + ["disk"]).map { name in
            fileNode(directory.file(name, sizeBytes: 1 << 20), named: name)
        }
        let faulty = node(
            "blkdebug",
            [("inject-error", .list([.mapping(Options(rule))]))],
            children: [("image", "disk")],
            named: "faulty"
        )
        let stack = try NodeStack(files + [faulty, fault.top], groups: groups)
        try stack.begin()
        return stack
    }

    private func run(
        _ fault: FaultCase,
        _ operation: BlockOperation,
        _ error: Int32,
        _ moment: Moment,
        _ cell: String,
        _ bench: DriverBench
    ) async {
        let bytes = [UInt8](repeating: 0xA5, count: Self.blockBytes)
        let ask = { @Sendable (block: Int) async -> Int32 in
            let isFlush = operation == .flush
            let offset = isFlush ? 0 : UInt64(block * Self.blockBytes)
            let length = isFlush ? 0 : UInt64(Self.blockBytes)
            return await bench.ask(operation, offset, length, bytes: bytes).errorNumber
        }
        var answers = [Int32](repeating: 0, count: Self.blocks)
        if moment == .together {
            await withTaskGroup(of: (Int, Int32).self) { group in
                for block in 0..<Self.blocks { group.addTask { (block, await ask(block)) } }
                for await (block, answer) in group { answers[block] = answer }
            }
        } else {
            for block in 0..<Self.blocks { answers[block] = await ask(block) }
        }
        let wanted = fault.answers[operation] ?? error
        let failed = answers.indices.filter { answers[$0] != 0 }
        #expect(failed.count == (wanted == 0 ? 0 : 1), "\(cell): \(answers)")
        #expect(failed.allSatisfy { answers[$0] == wanted }, "\(cell): \(answers)")
        if moment == .inTheMiddle, operation != .flush, wanted != 0 {
            #expect(failed == [5], "\(cell)")
        }
        #expect(await bench.parkedCount == 0, "\(cell)")
        guard operation == .write else { return }
        for block in 0..<Self.blocks where !(fault.mayDiffer && failed.contains(block)) {
            let begin = UInt64(block * Self.blockBytes)
            let found = await bench.ask(.read, begin, UInt64(Self.blockBytes))
            let byte: UInt8 = failed.contains(block) ? 0 : 0xA5
            #expect(found.bytes.allSatisfy { $0 == byte }, "\(cell): block \(block)")
            #expect(found.errorNumber == 0, "\(cell): block \(block)")
        }
    }
}
