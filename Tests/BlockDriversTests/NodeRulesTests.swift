import BlockGraph
import GraphModel
import Testing

@Suite("General options of filters")
struct NodeRulesTests {
    static let filters: [NodeDescription] = [
        node("raw", over: "file"), node("blkdebug", over: "image"),
    ]

    private func stack(
        _ filter: NodeDescription,
        _ options: [(String, OptionValue)],
        over path: String
    ) throws -> NodeStack {
        var filter = filter
        for (key, value) in options { filter.options[key] = value }
        return try NodeStack([fileNode(path), filter])
    }

    @Test("a filter that detects zeroes makes holes in the file below", arguments: filters)
    func zeroes(filter: NodeDescription) async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("disk", sizeBytes: 1 << 20)
        let options: [(String, OptionValue)] = [("detect-zeroes", .text("unmap"))]
        try await DriverBench.run(try stack(filter, options, over: path)) { bench in
            #expect(await bench.movesPages == false)
            _ = await bench.ask(.write, 0, bytes: [UInt8](repeating: 7, count: 1 << 20))
            let zeroes = [UInt8](repeating: 0, count: 65536)
            #expect(await bench.ask(.write, 0, bytes: zeroes).errorNumber == 0)
            let extents = await bench.ask(.extents, 0, 1 << 20).extents
            #expect(extents.map(\.isHole) == [true, false])
        }
    }

    @Test("a filter that ignores discards keeps the file's blocks", arguments: filters)
    func discards(filter: NodeDescription) async throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("disk", sizeBytes: 1 << 20)
        let options: [(String, OptionValue)] = [("discard", .text("ignore"))]
        try await DriverBench.run(try stack(filter, options, over: path)) { bench in
            _ = await bench.ask(.write, 0, bytes: [UInt8](repeating: 7, count: 1 << 20))
            #expect(await bench.ask(.discard, 0, 65536).errorNumber == 0)
            #expect(await bench.ask(.read, 0, 1).bytes == [7])
        }
    }
}
