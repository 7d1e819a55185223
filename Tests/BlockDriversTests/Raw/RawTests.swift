import BlockGraph
import GraphModel
import Testing

@Suite("Windows")
struct RawTests {
    private func window(_ options: [(String, OptionValue)]) throws -> NodeStack {
        try NodeStack(
            [node("null-co", [("size", .integer(10_000))]), node("raw", options, over: "file")])
    }

    @Test(
        "a window that does not fit is refused, at the option that is to blame",
        arguments: [(10_001, nil, "offset"), (9_000, 1_001, "size"), (0, 10_001, "size")]
            as [(Int64, Int64?, String)]
    )
    func misfit(offset: Int64, size: Int64?, option: String) {
        var options: [(String, OptionValue)] = [("offset", .integer(offset))]
        if let size { options.append(("size", .integer(size))) }
        let error = #expect(throws: GraphError.self) { try window(options) }
        #expect(error?.code == .size)
        #expect(error?.option == option)
    }

    @Test("without a size the window reaches to the end")
    func rest() throws {
        #expect(try window([("offset", .integer(9_000))]).limits.sizeBytes == 1_000)
        #expect(try window([]).limits.sizeBytes == 10_000)
    }
}
