import BlockGraph
import Glibc
import GraphModel
import Testing

@Suite("Injected errors")
struct BlkdebugTests {
    private func stack(
        _ rules: [[(String, OptionValue)]],
        _ options: [(String, OptionValue)] = []
    ) throws -> NodeStack {
        try NodeStack([node("null-co"), self.blkdebug(rules, options)])
    }

    private func blkdebug(
        _ rules: [[(String, OptionValue)]],
        _ options: [(String, OptionValue)] = []
    ) -> NodeDescription {
        node(
            "blkdebug",
            options + [("inject-error", .list(rules.map { .mapping(Options($0)) }))],
            over: "image"
        )
    }

    @Test("a rule strikes its kind of request, its sector, and once if it says so")
    func rules() async throws {
        let stack = try stack([
            [("iotype", .text("write")), ("errno", .integer(28)), ("once", .flag(true))],
            [("iotype", .text("read")), ("sector", .integer(3)), ("errno", .integer(5))],
        ])
        try await DriverBench.run(stack) { bench in
            #expect(await bench.ask(.write, 0, bytes: [1]).errorNumber == ENOSPC)
            #expect(await bench.ask(.write, 0, bytes: [1]).errorNumber == 0)
            #expect(await bench.ask(.read, 0, 1536).errorNumber == 0)
            #expect(await bench.ask(.read, 0, 1537).errorNumber == EIO)
            #expect(await bench.ask(.read, 2048, 512).errorNumber == 0)
            // Rules that stay keep what they have done.
            try await bench.change(
                1,
                to: blkdebug([
                    [("iotype", .text("write")), ("errno", .integer(28)), ("once", .flag(true))],
                    [("iotype", .text("flush"))],
                ]),
                masks: NodeStack.writer
            )
            #expect(await bench.ask(.write, 0, bytes: [1]).errorNumber == 0)
            #expect(await bench.ask(.flush).errorNumber == EIO)
            #expect(await bench.ask(.read, 0, 1537).errorNumber == 0)
        }
    }

    @Test("chances follow from the node's name")
    func chances() async throws {
        var runs: [[Int32]] = []
        for _ in 0..<2 {
            let stack = try stack([[("probability", .fraction(0.25))]])
            runs.append(
                try await DriverBench.run(stack) { bench in
                    var found: [Int32] = []
                    for _ in 0..<400 { found.append(await bench.ask(.flush).errorNumber) }
                    return found
                }
            )
        }
        #expect(runs[0] == runs[1])
        #expect((60...140).contains(runs[0].filter { $0 != 0 }.count))
    }

    @Test("alignment and longest transfer are limits")
    func limits() throws {
        let stack = try stack(
            [],
            [("align", .integer(4096)), ("max-transfer", .integer(65536))]
        )
        #expect(stack.limits.alignmentBytes == 4096)
        #expect(stack.limits.transferBytesMax == 65536)
        #expect(throws: GraphError.self) { try self.stack([], [("align", .integer(3000))]) }
    }
}
